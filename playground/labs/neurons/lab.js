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
