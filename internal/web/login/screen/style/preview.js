// Shows the pages again when something about them has changed, and each as high as it is.
"use strict";
(() => {
  const said = document.getElementById("said");
  const look = async () => {
    try {
      const answer = await fetch("/version");
      const text = await answer.text();
      if (!answer.ok) said.textContent = text;
      else if (text !== document.body.dataset.version) location.reload();
      else said.textContent = "";
    } catch {
      said.textContent = "The preview has ended.";
    }
  };
  setInterval(look, 1000);
  for (const frame of document.querySelectorAll("iframe")) {
    frame.addEventListener("load", () => {
      const height = frame.contentDocument?.documentElement.scrollHeight ?? 0;
      if (height > frame.clientHeight) frame.parentElement.style.setProperty("--h", height + "px");
    });
  }
  for (const field of document.querySelectorAll("header select, header input")) field.onchange = () => field.form.submit();
})();
