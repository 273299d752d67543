// Copy buttons: they name the element whose text they copy.
const said = document.getElementById("said");
let quiet;

function say(text) {
  said.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { said.textContent = ""; }, 2500);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    say("Copied.");
  } catch { // no clipboard on plain HTTP by another name than localhost: the text is selected instead
    getSelection().selectAllChildren(source);
    say("Selected. Press Ctrl+C to copy.");
  }
});

for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
