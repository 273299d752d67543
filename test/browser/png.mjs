// Small PNG files of pages: at most 256 colours, of which pages have few, in a palette.

import { crc32, deflateSync, inflateSync } from "node:zlib";

// Redraws a PNG of eight bits per channel with its 256 most frequent colours; others become the nearest of them.
export function small(png) {
  const { width, height, pixels } = read(png);
  const counts = new Map(), rows = Buffer.alloc(height * (width + 1));
  const colour = (i) => (pixels[3 * i] << 16) | (pixels[3 * i + 1] << 8) | pixels[3 * i + 2];
  for (let i = 0; i < width * height; i++) counts.set(colour(i), (counts.get(colour(i)) ?? 0) + 1);
  const palette = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, 256);
  const places = new Map(palette.map((c, i) => [c, i]));
  for (let i = 0; i < width * height; i++) {
    const c = colour(i);
    if (!places.has(c)) places.set(c, nearest(palette, c));
    rows[i + 1 + Math.floor(i / width)] = places.get(c);
  }
  return write(width, height, palette, rows);
}

function nearest(palette, c) {
  let best = 0, least = Infinity;
  palette.forEach((p, i) => {
    const d = ((p >> 16) - (c >> 16)) ** 2 + (((p >> 8) & 255) - ((c >> 8) & 255)) ** 2 + ((p & 255) - (c & 255)) ** 2;
    if (d < least) [best, least] = [i, d];
  });
  return best;
}

const signature = Buffer.from("89504e470d0a1a0a", "hex");

// The pixels of a PNG as RGB.
function read(png) {
  let width, height, channels;
  const data = [];
  for (let at = 8; at < png.length;) {
    const size = png.readUInt32BE(at), type = png.toString("latin1", at + 4, at + 8), body = png.subarray(at + 8, at + 8 + size);
    if (type === "IHDR") {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      channels = { 2: 3, 6: 4 }[body[9]];
      if (body[8] !== 8 || !channels) throw new Error("a PNG of another kind");
    } else if (type === "IDAT") data.push(body);
    at += size + 12;
  }
  const raw = inflateSync(Buffer.concat(data)), stride = width * channels, lines = Buffer.alloc(height * stride), pixels = Buffer.alloc(3 * width * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : lines[y * stride + x - channels], up = y ? lines[(y - 1) * stride + x] : 0;
      const corner = y && x >= channels ? lines[(y - 1) * stride + x - channels] : 0;
      lines[y * stride + x] = raw[y * (stride + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  for (let i = 0; i < width * height; i++) lines.copy(pixels, 3 * i, channels * i, channels * i + 3);
  return { width, height, pixels };
}

function paeth(a, b, c) {
  const p = a + b - c, [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function write(width, height, colours, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const chunk = (type, body) => {
    const out = Buffer.alloc(body.length + 12);
    out.writeUInt32BE(body.length, 0);
    out.write(type, 4, "latin1");
    out.set(body, 8);
    out.writeUInt32BE(crc32(out.subarray(4, body.length + 8)), body.length + 8);
    return out;
  };
  const palette = Buffer.from(colours.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
  return Buffer.concat([signature, chunk("IHDR", head), chunk("PLTE", palette), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
