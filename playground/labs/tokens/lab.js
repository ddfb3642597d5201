// What the pictures of the tokens lab do without the server.

// What belongs to one token lights up wherever it stands; its facts are told in one line.
playgroundViews["tokens/cutting"] = (element) => {
  const facts = () => element.querySelector(".tok-facts");

  function light(target) {
    element.querySelectorAll(".lit").forEach((other) => other.classList.remove("lit"));
    const at = target?.closest("[data-group]");
    if (!at) return;
    const { token, group } = at.dataset;
    const same = token === undefined ? `[data-group="${group}"]` : `[data-token="${token}"], span[data-group="${group}"]:not([data-token])`;
    element.querySelectorAll(same).forEach((other) => other.classList.add("lit"));
    const chips = [...element.querySelectorAll(`.chip[data-group="${group}"]`)];
    const told = chips.filter((chip) => token === undefined || chip.dataset.token === token);
    if (facts()) facts().textContent = told.map((chip) => chip.dataset.facts).join(" · ");
  }

  element.addEventListener("mouseover", (event) => light(event.target));
  element.addEventListener("focusin", (event) => light(event.target));
  element.addEventListener("mouseleave", () => light(document.activeElement));
  element.addEventListener("click", (event) => {
    const chip = event.target.closest(".chip");
    if (chip) playgroundGoTo(chip, ".tok-chips");
  });
  element.addEventListener("keydown", (event) => {
    if (!event.target.matches(".chip") || !/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) return;
    event.preventDefault();
    playgroundGoTo(playgroundNeighbour(event.target, event.key, ".tok-chips"), ".tok-chips");
  });
};

// The merges of a text, stepped forth and back. All text is set as text, never as HTML.
playgroundViews["tokens/steps"] = (element, watch) => {
  let film = null, at = 0;

  function states() {
    const words = film.words.map((pieces) => [...pieces]);
    for (const step of film.steps.slice(0, at)) words[step.word].splice(step.place, 2, step.becomes);
    return words;
  }

  function draw() {
    const stage = element.querySelector(".merge-stage"), last = film.steps[at - 1], next = film.steps[at];
    const done = at === film.steps.length;
    stage.replaceChildren(...states().map((pieces, word) => {
      const box = document.createElement("span");
      box.className = "merge-word";
      box.append(...pieces.map((piece, place) => {
        const chip = document.createElement("span");
        chip.className = "merge-piece";
        chip.textContent = piece;
        chip.classList.toggle("new", Boolean(last) && last.word === word && last.place === place);
        chip.classList.toggle("next", Boolean(next) && next.word === word && (next.place === place || next.place + 1 === place));
        if (done) {
          const id = document.createElement("small");
          id.textContent = film.ids[word][place];
          chip.append(id);
        }
        return chip;
      }));
      return box;
    }));
    const count = states().reduce((sum, pieces) => sum + pieces.length, 0);
    const did = last ? `Step ${at} of ${film.steps.length}: rank ${last.rank.toLocaleString("en")} made “${last.becomes}”. ` : `Before the first of ${film.steps.length} steps. `;
    element.querySelector(".merge-says").textContent = did + `${count} pieces${done ? ", the tokens" : ""}.`;
    element.querySelector(".merge-controls input").value = at;
    element.querySelectorAll("[data-step]").forEach((row) => row.classList.toggle("lit", Number(row.dataset.step) === at));
    for (const [name, off] of [["first", at === 0], ["back", at === 0], ["forth", done], ["last", done]]) {
      element.querySelector(`[data-go="${name}"]`).disabled = off;
    }
  }

  function go(to) {
    at = Math.max(0, Math.min(film.steps.length, to));
    draw();
  }

  function load() {
    const card = element.querySelector("[data-trace]");
    if (!card) return;
    film = JSON.parse(card.dataset.trace);
    go(0);
  }

  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]"), row = event.target.closest("[data-step]");
    if (row) go(Number(row.dataset.step));
    if (!button) return;
    go({ first: 0, back: at - 1, forth: at + 1, last: film.steps.length }[button.dataset.go]);
  });
  element.addEventListener("input", (event) => {
    if (event.target.matches(".merge-controls input")) go(Number(event.target.value));
  });
  watch("value", load);
  load();
};
