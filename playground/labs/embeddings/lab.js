// What the pictures of the embeddings lab do without the server.

// On the map a word pointed at, or reached in the table, is marked, and what is near it is told: in
// the table's own HTML, in which all text is escaped.
playgroundViews["embeddings/map"] = (element) => {
  function tell(event) {
    const place = event.target.closest("[data-place]")?.dataset.place;
    if (place === undefined) return;
    element.querySelectorAll("g[data-place]").forEach((word) => word.classList.toggle("current", word.dataset.place === place));
    const row = element.querySelector(`button[data-place="${place}"]`).closest("tr");
    element.querySelector(".told").innerHTML = `<b>${row.querySelector("button").innerHTML}</b> ${row.querySelector(".nearest").innerHTML}`;
  }
  ["mouseover", "focusin", "click"].forEach((name) => element.addEventListener(name, tell));
};

// Of a word's way through the layers every layer is here already, and the slider moves the points.
playgroundViews["embeddings/layers"] = (element, watch) => {
  let chosen = null; // the layer that was chosen, for the next drawing of as many layers
  let way = "centred";
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
    element.querySelectorAll("[data-told]").forEach((told) => { told.textContent = JSON.parse(told.dataset.told)[layer]; });
    element.querySelectorAll("[data-cosines]").forEach((table) => fill(table, layer));
  }

  function fill(table, layer) {
    const cosines = JSON.parse(table.dataset.cosines)[layer].flat();
    table.querySelectorAll("td").forEach((cell, index) => {
      cell.textContent = (Math.round(100 * cosines[index]) / 100 + 0).toFixed(2).replace("-", "\u2212");
      cell.style.setProperty("--share", Math.max(cosines[index], 0).toFixed(2));
    });
  }

  function choose(name) {
    way = name;
    element.querySelectorAll("[data-way]").forEach((part) => { part.hidden = part.dataset.way !== way; });
    element.querySelectorAll(".ways input").forEach((radio) => { radio.checked = radio.value === way; });
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
    if (event.target.closest(".ways")) return choose(event.target.value);
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
    choose(way);
    const range = slider();
    if (!range || chosen === null || chosen > Number(range.max)) return;
    range.value = chosen;
    show(chosen);
  });
};
