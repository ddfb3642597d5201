// What the pictures of the neurons lab do without the server.

// A picture with `data-pick` says by where it was clicked what is to be set: {x, y: [name, value at
// the left or top, value at the right or bottom, grain]}. Read before the click that sets is heard.
function playgroundPicks(element) {
  element.addEventListener("click", (event) => {
    const picture = event.target.closest("svg[data-pick]");
    if (!picture) return;
    const box = (picture.querySelector(".ground") || picture).getBoundingClientRect();
    const { x, y } = JSON.parse(picture.dataset.pick);
    const at = ([, from, to, grain], share) => {
      const inside = Math.min(Math.max(share, 0), 1 - 1e-9);
      return Number((Math.round((from + inside * (to - from)) / grain) * grain).toFixed(6));
    };
    picture.dataset.set = JSON.stringify({
      [x[0]]: at(x, (event.clientX - box.left) / box.width),
      [y[0]]: at(y, (event.clientY - box.top) / box.height),
    });
  }, true);
}

playgroundViews["neurons/backpropagation"] = playgroundPicks;

// While it trains the picture is new ten times a second: what was opened stays open, and a press that
// began on a button of the last picture ends on the same one of this.
playgroundViews["neurons/digits"] = (element, watch) => {
  const pressable = (target) => target.closest("[data-set], summary");
  let pressed = null, open = false;
  element.addEventListener("pointerdown", (event) => { pressed = pressable(event.target); });
  element.addEventListener("pointerup", (event) => {
    const now = pressable(event.target), before = pressed;
    pressed = null;
    if (before && !before.isConnected && now?.textContent === before.textContent) now.click();
  });
  element.addEventListener("toggle", (event) => { open = event.target.open; }, true);
  watch("value", () => {
    const numbers = element.querySelector("details.numbers");
    if (numbers) numbers.open = open;
  });
};

// All ways are here to their end; they grow step by step once they are drawn, and the slider shows
// any step.
playgroundViews["neurons/descent"] = (element, watch) => {
  playgroundPicks(element);
  let playing = null;
  const seconds = 3;

  const slider = () => element.querySelector(".player input");

  function show(step) {
    element.querySelectorAll("polyline[data-way]").forEach((line) => {
      line.dataset.way ||= line.getAttribute("points"); // the whole of it
      const points = line.dataset.way.split(" ").slice(0, step + 1), [x, y] = points.at(-1).split(",");
      line.setAttribute("points", points.join(" "));
      line.nextElementSibling.setAttribute("cx", x);
      line.nextElementSibling.setAttribute("cy", y);
    });
    slider().value = step;
    element.querySelector(".player .shown-step").textContent = `step ${step}`;
  }

  function stop() {
    cancelAnimationFrame(playing);
    playing = null;
    const button = element.querySelector("[data-play]");
    if (button) button.textContent = "Play";
  }

  function play(from) {
    stop();
    const range = slider(), most = Number(range.max), began = performance.now();
    element.querySelector("[data-play]").textContent = "Pause";
    const go = (now) => {
      if (!range.isConnected) return stop();
      const step = Math.min(most, from + Math.floor((most * Math.max(now - began, 0)) / (1000 * seconds)));
      show(step);
      if (step < most) playing = requestAnimationFrame(go);
      else stop();
    };
    playing = requestAnimationFrame(go);
  }

  element.addEventListener("click", (event) => {
    if (!event.target.closest("[data-play]")) return;
    if (playing) return stop();
    const range = slider();
    play(range.value === range.max ? 0 : Number(range.value));
  });
  element.addEventListener("input", (event) => {
    if (event.target !== slider()) return;
    stop();
    show(Number(event.target.value));
  });
  watch("value", () => {
    stop();
    if (slider() && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(0);
  });
};

// A field to draw in. Its ink goes to the server as 56 x 56 greys: while one draws, and at the end.
function playgroundPad(element, trigger) {
  const ink = "#10958a"; // seen in both themes, in whichever it was drawn
  const pen = 22, every = 120, side = 56; // the pen in pixels of the field; milliseconds; greys a side
  let last = null, waiting = null;
  const field = () => element.querySelector("canvas");

  function at(event) {
    const canvas = field(), box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    return [x * canvas.width, y * canvas.height];
  }

  function line(from, to) {
    const brush = field().getContext("2d");
    Object.assign(brush, { lineWidth: pen, lineCap: "round", strokeStyle: ink });
    brush.beginPath();
    brush.moveTo(...from);
    brush.lineTo(to[0] + 0.01, to[1]); // a line of no length would leave no dot
    brush.stroke();
  }

  function send() {
    waiting = null;
    const canvas = field(), cell = canvas.width / side, greys = new Array(side * side).fill(0);
    const drawn = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let y = 0; y < canvas.height; y++)
      for (let x = 0; x < canvas.width; x++)
        greys[Math.floor(y / cell) * side + Math.floor(x / cell)] += drawn[4 * (y * canvas.width + x) + 3];
    trigger("input", { greys: greys.map((each) => Math.round(each / (cell * cell))) });
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.target !== field() || event.button) return;
    event.preventDefault();
    field().setPointerCapture(event.pointerId);
    last = at(event);
    line(last, last);
  });
  element.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = at(event);
    line(last, now);
    last = now;
    waiting ??= setTimeout(send, every);
  });
  const lift = () => {
    if (!last) return;
    last = null;
    clearTimeout(waiting);
    send();
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);
  element.addEventListener("click", (event) => {
    if (!event.target.closest("[data-clear]")) return;
    field().getContext("2d").clearRect(0, 0, field().width, field().height);
    clearTimeout(waiting);
    send();
  });
}
