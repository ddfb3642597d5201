// A word's way through the layers: every layer is here already, and the slider moves the points.

function playgroundLayers(element, watch) {
  let chosen = null; // the layer that was chosen, for the next drawing of as many layers
  let playing = null;

  const slider = () => element.querySelector("input[type=range]");

  function show(layer) {
    element.querySelectorAll("svg[data-frames]").forEach((picture) => {
      const places = JSON.parse(picture.dataset.frames)[layer];
      picture.querySelectorAll(".moving").forEach((part, index) => {
        const [x, y] = places[index];
        part.style.transform = `translate(${x}px, ${y}px)`;
      });
    });
    const told = element.querySelector("[data-told]");
    told.textContent = JSON.parse(told.dataset.told)[layer];
    const table = element.querySelector("[data-cosines]");
    const cosines = JSON.parse(table.dataset.cosines)[layer].flat();
    table.querySelectorAll("td").forEach((cell, index) => {
      cell.textContent = (Math.round(100 * cosines[index]) / 100 + 0).toFixed(2).replace("-", "\u2212");
      cell.style.setProperty("--share", Math.max(cosines[index], 0).toFixed(2));
    });
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    const button = element.querySelector("[data-play]");
    if (button) button.textContent = "Play";
  }

  function play(button) {
    if (playing) return stop();
    const range = slider();
    if (range.value === range.max) range.value = 0;
    else range.stepUp();
    show(chosen = Number(range.value));
    button.textContent = "Pause";
    playing = setInterval(() => {
      if (!range.isConnected || range.value === range.max) return stop();
      range.stepUp();
      show(chosen = Number(range.value));
    }, 450);
  }

  element.addEventListener("input", (event) => {
    if (event.target !== slider()) return;
    stop();
    show(chosen = Number(event.target.value));
  });

  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play]");
    if (button) play(button);
  });

  watch("value", () => {
    stop();
    const range = slider();
    if (!range || chosen === null || chosen > Number(range.max)) return;
    range.value = chosen;
    show(chosen);
  });
}
