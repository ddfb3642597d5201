// What the pictures of the precision lab do without the server.

// Arrow keys go along a format's bits. A redraw replaces the buttons, so the focus is put back on the
// one that had it.
playgroundViews["precision/floats"] = (element, watch) => {
  let held = null; // the bit that was reached last, until the person goes elsewhere

  const find = ({ format, bit }) =>
    element.querySelector(`button[data-format="${CSS.escape(format)}"][data-bit="${bit}"]`);
  const placeOf = (button) => ({ format: button.dataset.format, bit: Number(button.dataset.bit) });

  function hold(event) {
    const button = event.target.closest("[data-bit]");
    held = button && element.contains(button) ? placeOf(button) : null;
  }
  document.addEventListener("focusin", hold);
  element.addEventListener("click", hold); // not every browser gives a clicked button the focus

  element.addEventListener("keydown", (event) => {
    const button = event.target.closest("[data-bit]");
    const step = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!button || !step) return;
    event.preventDefault();
    const { format, bit } = placeOf(button);
    find({ format, bit: bit + step })?.focus();
  });

  watch("value", () => {
    if (held && document.activeElement === document.body) find(held)?.focus({ preventScroll: true });
  });
};

// The list of matrices stays open while one goes from matrix to matrix.
playgroundViews["precision/microscope"] = (element, watch) => {
  let open = false;
  element.addEventListener("toggle", (event) => { open = event.target.open; }, true);
  watch("value", () => {
    const list = element.querySelector("details");
    if (list) list.open = open;
  });
};
