/** A table that a reader has opened stays open when its part of the page is refreshed. */

export function keepOpenDetails(): void {
  const closed = new Map<string, boolean>();
  document.addEventListener(
    "toggle",
    (event) => {
      const element = event.target;
      if (element instanceof HTMLDetailsElement && element.id) closed.set(element.id, !element.open);
    },
    true,
  );
  document.addEventListener("htmx:after:swap", () => {
    for (const element of document.querySelectorAll<HTMLDetailsElement>("details[id]")) {
      const known = closed.get(element.id);
      if (known !== undefined) element.open = !known;
    }
  });
}
