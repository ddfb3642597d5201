// What the pictures of the temperature lab do without the server.

// A throw is shown once: when the bars are drawn anew for another temperature it lies where it fell.
playgroundViews["temperature/distribution"] = (element, watch) => {
  let shown = null, playing = 0;

  // The newest draws are counted up one after another, on top of those before.
  function play(bars) {
    const newest = JSON.parse(bars.dataset.newest), draws = Number(bars.dataset.draws);
    const rows = [...bars.querySelectorAll(".bar")], run = ++playing;
    const counts = rows.map((row) => Math.round((parseFloat(row.querySelector(".tally").style.width) / 100) * draws));
    newest.forEach((place) => { counts[place] -= 1; });
    let done = 0;

    // Another picture may stand in the same element meanwhile.
    function step() {
      if (run !== playing || !bars.isConnected || bars.dataset.thrown !== shown || !bars.dataset.newest) return;
      for (let some = 0; some < 2 && done < newest.length; some += 1) counts[newest[done++]] += 1;
      const all = draws - newest.length + done;
      rows.forEach((row, place) => {
        row.querySelector(".tally").style.width = `${(100 * counts[place]) / all}%`;
        if (!row.matches(".cut")) row.querySelector(".why").textContent = `${counts[place].toLocaleString("en")} drawn`;
      });
      if (done < newest.length) requestAnimationFrame(step);
    }
    step();
  }

  function draw() {
    const bars = element.querySelector("ol.bars"), thrown = bars?.dataset.thrown ?? null;
    if (thrown === shown) return;
    shown = thrown;
    if (thrown === null) return;
    bars.classList.add("thrown");
    if (bars.dataset.newest && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(bars);
  }

  watch("value", draw);
  draw();
};

// Any token of a strip opens its panel, which stands beneath its line and leads to a branch. All text
// is set as text, never as HTML.
playgroundViews["temperature/strip"] = (element, watch) => {
  const known = new WeakMap(); // of each column its tokens
  const told = (share) => (share < 0.001 ? "< 0.1 %" : share >= 1 ? "100 %" : share > 0.999 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`);

  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function tokensOf(column) {
    if (!known.has(column)) known.set(column, JSON.parse(column.dataset.tokens));
    return known.get(column);
  }

  // What runs the strip again with a column more: the tokens up to here, then another one.
  function branch(column, at, other) {
    const { begun, temperature, seed } = column.dataset, whole = column.closest(".strip").dataset.seed;
    const ids = tokensOf(column).slice(0, at).map((token) => token.id);
    const sets = { branch: [...(begun ? begun.split(",") : []), ...ids, other].join(","), branch_temperature: temperature, branch_seed: seed };
    return JSON.stringify(whole === undefined ? sets : { ...sets, seed: whole });
  }

  function line(column, at, [id, text, share, steers], token) {
    const row = make("li", id === token.id ? "taken" : "");
    const bar = make("span", "track"), now = make("i");
    now.style.width = `${100 * share}%`;
    bar.append(now);
    row.append(make("span", "token", text), make("span", "share", told(share)), bar);
    if (id === token.id || steers) return row; // nothing is written after the end of a turn
    const button = make("button", "small on-page", "continue");
    button.type = "button";
    button.dataset.set = branch(column, at, id);
    button.dataset.run = "";
    button.setAttribute("aria-label", `continue from here with ${text}`);
    row.append(button);
    return row;
  }

  function panelOf(column, at) {
    const tokens = tokensOf(column), token = tokens[at], panel = make("section", "tok-panel");
    panel.tabIndex = -1;
    panel.setAttribute("role", "region");
    panel.setAttribute("aria-label", `token ${at + 1} of ${tokens.length}`);
    const head = make("header"), close = make("button", "small", "Close");
    close.type = "button";
    close.dataset.close = "";
    head.append(make("b", "token", token.text), close);
    const dice = token.dice === null ? "no dice" : `dice ${token.dice.toFixed(4)}`;
    const facts = `token ${at + 1} of ${tokens.length}, rank ${token.rank.toLocaleString("en")}, ${told(token.share)} at T 1, ${told(token.here)} here; ${dice}; entropy ${token.entropy.toFixed(2)} nats`;
    const list = make("ol");
    const others = token.others.some(([id]) => id === token.id) ? token.others : [...token.others, [token.id, token.text, token.share]];
    list.append(...others.map((other) => line(column, at, other, token)));
    panel.append(head, make("p", "muted", facts), list);
    return panel;
  }

  function close(panel) {
    const opener = panel.parentElement.querySelector(".tok[aria-expanded=true]");
    opener?.setAttribute("aria-expanded", "false");
    panel.remove();
    return opener;
  }

  function goTo(token) {
    if (!token) return;
    token.parentElement.querySelectorAll(".tok[tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
    token.setAttribute("tabindex", "0");
    token.focus({ preventScroll: true });
  }

  function open(token) {
    const wasOpen = token.getAttribute("aria-expanded") === "true";
    playgroundHold(token, () => element.querySelectorAll(".tok-panel").forEach(close));
    goTo(token);
    if (wasOpen) return;
    token.setAttribute("aria-expanded", "true");
    // Beneath the line that the token ends in.
    const foot = (other) => [...other.getClientRects()].at(-1)?.bottom, end = foot(token);
    let last = token;
    while (last.nextElementSibling && foot(last.nextElementSibling) - end < 4) last = last.nextElementSibling;
    const panel = panelOf(token.closest(".strip-column"), Number(token.dataset.at));
    last.after(panel);
    panel.focus({ preventScroll: true });
    playgroundReveal(panel, token);
  }

  element.addEventListener("click", (event) => {
    const token = event.target.closest(".tok");
    if (token) open(token);
    else if (event.target.closest(".tok-panel [data-close]")) goTo(close(event.target.closest(".tok-panel")));
  });

  element.addEventListener("keydown", (event) => {
    const token = event.target.closest(".tok");
    if (event.key === "Escape" && event.target.closest(".tok-panel")) {
      event.stopPropagation();
      goTo(close(event.target.closest(".tok-panel")));
    }
    if (!token || !/^(Arrow(Left|Right)|Home|End|Enter| )$/.test(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter" || event.key === " ") return open(token);
    const all = [...token.parentElement.querySelectorAll(".tok")], at = all.indexOf(token);
    goTo({ ArrowLeft: all[at - 1], ArrowRight: all[at + 1], Home: all[0], End: all.at(-1) }[event.key]);
  });

  function draw() {
    element.querySelectorAll(".by-parting").forEach((text) => text.querySelector(".tok")?.setAttribute("tabindex", "0"));
  }

  watch("value", draw);
  draw();
};
