/** Reads what a spreadsheet has in its cells: a ZIP of XML, opened with what Node brings along. */
import { inflateRawSync } from "node:zlib";

/** The files of a ZIP by name, from its central directory. */
function unzip(bytes: Buffer): Map<string, string> {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const files = new Map<string, string>();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const method = bytes.readUInt16LE(at + 10);
    const size = bytes.readUInt32LE(at + 20);
    const nameLength = bytes.readUInt16LE(at + 28);
    const rest = bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    const start = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    const packed = bytes.subarray(data, data + size);
    files.set(name, (method === 0 ? packed : inflateRawSync(packed)).toString("utf8"));
    at += 46 + nameLength + rest;
  }
  return files;
}

const plain = (xml: string): string =>
  xml
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

/** The rows of the first sheet, each with the texts of its cells. */
export function sheet(bytes: Buffer): string[][] {
  const files = unzip(bytes);
  const shared = [...(files.get("xl/sharedStrings.xml") ?? "").matchAll(/<si>(.*?)<\/si>/gs)].map(([, xml]) =>
    plain(xml ?? ""),
  );
  const xml = files.get("xl/worksheets/sheet1.xml") ?? "";
  return [...xml.matchAll(/<row(?:\s[^>]*)?>(.*?)<\/row>/gs)].map(([, row]) =>
    [...(row ?? "").matchAll(/<c([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)].map(([, head, body]) => {
      const text = plain(body ?? "");
      return /t="s"/.test(head ?? "") ? (shared[Number(text)] ?? "") : text;
    }),
  );
}
