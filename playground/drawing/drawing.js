// What wakes a picture, on the page and in an exported file: what opens, what sets, what a lab adds.

const playgroundViews = {}; // path of an experiment -> function (element, watch) of its lab's script

// `trigger` and `watch` are the page's; an exported file has neither.
function playgroundView(element, path, trigger, watch) {
  element.addEventListener("click", (event) => {
    const shower = event.target.closest("[data-show]");
    if (shower) return playgroundShow(element, shower);
    const doer = event.target.closest("[data-do]"); // what a section of the page's own making does
    if (doer && trigger) return trigger("click", JSON.parse(doer.dataset.do));
    const setter = event.target.closest("[data-set]");
    if (!setter || !trigger) return;
    // What sets and runs is another event than what only sets.
    trigger(setter.hasAttribute("data-run") ? "submit" : "select", JSON.parse(setter.dataset.set));
  });
  playgroundViews[path]?.(element, watch || (() => {}));
}

// Opens what a button shows and closes what was open before; the button stays where it is.
function playgroundShow(element, button) {
  const open = button.getAttribute("aria-expanded") === "true";
  const part = open ? null : element.querySelector(`[data-shown-by="${CSS.escape(button.dataset.show)}"]`);
  playgroundHold(button, () => {
    element.querySelectorAll("[data-show]").forEach((other) => other.setAttribute("aria-expanded", "false"));
    element.querySelectorAll("[data-shown-by]").forEach((other) => { other.hidden = true; });
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    if (part) part.hidden = false;
  });
  if (part) playgroundReveal(part, button);
}

// Among chips one is reached by the tab key, and the arrow keys lead to the others.
function playgroundGoTo(chip, among) {
  if (!chip) return;
  chip.closest(among).querySelectorAll(".chip[tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
  chip.setAttribute("tabindex", "0");
  chip.focus();
}

// Left and right by one, up and down to the nearest in the next line.
function playgroundNeighbour(chip, key, among) {
  const chips = [...chip.closest(among).querySelectorAll(".chip")], at = chips.indexOf(chip);
  if (key === "ArrowLeft") return chips[at - 1];
  if (key === "ArrowRight") return chips[at + 1];
  if (key === "Home") return chips[0];
  if (key === "End") return chips.at(-1);
  const ahead = key === "ArrowDown" ? chips.slice(at + 1) : chips.slice(0, at).reverse();
  const line = ahead.find((other) => other.offsetTop !== chip.offsetTop)?.offsetTop;
  const far = (other) => Math.abs(other.offsetLeft - chip.offsetLeft);
  return ahead.filter((other) => other.offsetTop === line).sort((a, b) => far(a) - far(b))[0];
}

// Lets something change while what a person looks at stays where it is.
function playgroundHold(looked, change) {
  const before = looked.getBoundingClientRect().top;
  change();
  scrollBy(0, looked.getBoundingClientRect().top - before);
}

// Brings what was opened into sight, as far as what opened it stays there.
function playgroundReveal(panel, opener) {
  const dock = document.getElementById("dock"), bar = document.getElementById("topbar");
  const foot = 12 + (dock?.offsetParent ? dock.offsetHeight : 0);
  const head = 12 + (bar?.offsetHeight || 0);
  const hidden = panel.getBoundingClientRect().bottom - (innerHeight - foot);
  scrollBy(0, Math.max(0, Math.min(hidden, opener.getBoundingClientRect().top - head)));
}

// In an exported file there is nobody else who wakes it, once the lab's own script has been read too.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".exported [data-view]").forEach((element) => {
    playgroundView(element, element.dataset.view);
  });
});
