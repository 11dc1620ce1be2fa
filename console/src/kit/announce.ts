/** Says a text to readers of the screen, politely: after what they are reading. */
let region: HTMLElement | null = null;

export function setRegion(element: HTMLElement | null): void {
  region = element;
}

export function announce(text: string): void {
  if (region !== null) {
    // The same text said twice would not be read twice.
    region.textContent = region.textContent === text ? `${text}\u00a0` : text;
  }
}
