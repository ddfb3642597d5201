// What the page does without the server: the browser's key, colours, drawers, keys, copying.

function playgroundStored(name, value) {
  // Storage can be forbidden; the page then works for this visit only.
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch (error) {
    console.info("storage is off", error);
  }
  return null;
}

function playgroundTheme(name) {
  playgroundStored("playground-theme", name);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", name === "dark" || (name === "system" && prefersDark));
  document.body.dataset.colours = name;
}

function playgroundLab(name, push) {
  document.querySelectorAll(".lab-panel").forEach((panel) => panel.toggleAttribute("data-current", panel.id === `panel-${name}`));
  document.querySelectorAll(".lab").forEach((button) => {
    button.setAttribute("aria-current", button.id === `lab-${name}` ? "page" : "false");
  });
  document.body.dataset.lab = name;
  document.body.classList.remove("show-labs", "show-rail");
  if (push) {
    playgroundOpened = true; // a person who is quicker than the link is not brought back by it
    playgroundLinkRead();
    playgroundWrite(true);
  }
  playgroundCounting();
  playgroundLeave();
  document.getElementById(`draw-${name}`)?.click();
}

// The page's address says which lab is open, which experiment of it, and what its form says beyond
// its defaults, so that all of it can be linked, survives a reload, and Back and Forward work.
const playgroundForms = {}; // path of an experiment -> what its form says beyond its defaults

function playgroundPlace() {
  const panel = document.querySelector(".lab-panel[data-current]");
  const lab = panel?.id.replace("panel-", "") || "chat";
  return { lab, experiment: playgroundExperiment(panel) };
}

function playgroundPath() {
  const { lab, experiment } = playgroundPlace();
  return experiment ? `${lab}/${experiment}` : lab;
}

// The experiment that is in sight in a lab; labs of one alone have no tabs.
function playgroundExperiment(panel) {
  const shown = [...(panel?.querySelectorAll(".experiment") || [])].find((each) => each.offsetParent);
  return shown?.id.replace(/^experiment-[^-]+-/, "") || "";
}

function playgroundInSight(lab) {
  return playgroundExperiment(document.getElementById(`panel-${lab}`));
}

// What a lab's hidden field becomes when something of it may have to be drawn: the experiment in
// sight, a number that is new each time, so that the field changes, and whether a picture stands
// there. Nothing in sight changes nothing, and nothing is drawn before a link has filled the forms.
let playgroundDrawn = 0;
function playgroundDraw(lab, place, values) {
  const experiment = playgroundOpened && playgroundInSight(lab);
  const standing = () => [experiment, ++playgroundDrawn, playgroundStanding(lab, experiment), values];
  return experiment ? JSON.stringify(standing()) : place;
}

// Beside an experiment only those run settings are shown that have a part in it; a lab where none
// ever has gets their room.
function playgroundCounting() {
  playgroundTitle();
  const { lab, experiment } = playgroundPlace(), shown = document.getElementById(`experiment-${lab}-${experiment}`);
  const some = document.querySelector(`#panel-${lab} .experiment[class*="counts-"]`);
  document.body.classList.toggle("no-rail", Boolean(shown && !some));
  const counting = [...(shown?.classList || [])].filter((each) => each.startsWith("counts-")).map((each) => `:not(.${each})`);
  const rule = shown ? `#rail .run-setting${counting.join("")}` : "#rail-others";
  let style = document.getElementById("counting");
  if (!style) {
    style = document.createElement("style");
    style.id = "counting";
    document.head.append(style);
  }
  style.textContent = `${rule}, #rail-others .${counting.length ? "none" : "some"} { display: none !important; }`;
}

let playgroundOpened = false; // until the address has been read, nothing is written over it

function playgroundWrite(push) {
  playgroundCounting();
  playgroundLeave();
  if (!playgroundOpened) return;
  const { lab, experiment } = playgroundPlace();
  const words = new URLSearchParams(lab === "chat" ? {} : { lab });
  if (experiment) words.set("experiment", experiment);
  const left = [];
  for (const [name, { text, label }] of Object.entries(playgroundForms[`${lab}/${experiment}`] || {})) {
    words.set(name, text);
    if (words.toString().length <= playgroundLongestAddress) continue;
    words.delete(name);
    left.push(label);
  }
  if (experiment) playgroundLeft(`${lab}-${experiment}`, left);
  const text = words.toString(), address = text ? `?${text}` : location.pathname;
  if (address === (location.search || location.pathname)) return;
  history[push ? "pushState" : "replaceState"](null, "", address);
}

// Longer ones no server reads; the settings of a link are said there as far as they fit.
const playgroundLongestAddress = 8000;

// Says above a form's button which of its settings the address does not hold.
function playgroundLeft(place, left) {
  const actions = document.getElementById(`run-${place}`)?.closest(".lab-actions");
  if (!actions) return;
  const id = `left-${place}`, note = document.getElementById(id) || document.createElement("p");
  if (!left.length) return note.remove();
  note.id = id;
  note.className = "hint";
  note.textContent = `Too long for the page's address: ${left.join(", ")}. A link or a reload leaves it out, so keep it in a file of your own.`;
  actions.before(note);
}

function playgroundAddress(path, settings, values) {
  const said = {};
  settings.forEach(({ name, label, first, several }, place) => {
    const value = values[place], text = Array.isArray(value) ? value.join(",") : String(value ?? "");
    const spelled = several ? text.replace(/, /g, ",") : text;
    if (spelled !== first) said[name] = { text: spelled, label };
  });
  playgroundForms[path] = said;
  playgroundSays(path, settings, values);
  playgroundWrite(false);
}

// Opens what the address says, at first and after Back and Forward. `filled` says that the forms
// hold what the address said of them.
function playgroundOpen(filled) {
  if (filled === true && playgroundOpened) return;
  playgroundOpened ||= filled === true; // from here on what is opened is drawn
  const words = new URLSearchParams(location.search), lab = words.get("lab") || "chat";
  const known = document.getElementById(`panel-${lab}`) ? lab : "chat";
  playgroundLab(known);
  const experiment = words.get("experiment");
  const named = document.getElementById(`experiment-${known}-${experiment}-button`);
  (experiment ? named : document.querySelector(`#panel-${known} [role=tab]`))?.click();
  if (filled !== true) return;
  // What could not be read of a link is said above, and stays in the address no longer.
  if (location.search) playgroundWrite(false);
}

// What a link has wrong is said until the person goes on.
function playgroundLinkRead() {
  document.querySelector("#link-notice .notice")?.setAttribute("hidden", "");
}

// One prompt travels: what was typed last in one lab or experiment stands in the next that is opened.
// Fields that take part have the class "travels".
const playgroundTyped = { text: null, place: null };
function playgroundType(event) {
  if (!event.target.closest(".travels")) return;
  playgroundTyped.text = event.target.value;
  playgroundTyped.place = playgroundPath();
}

// What the fields of a lab or an experiment show when it is opened: the text, then others that begin
// anew with another text, then, where a form `asks`, whether it is a chat message: from the chat it is.
// A message that was sent does not come back.
function playgroundTravel(path, values, firsts, asks) {
  const { text, place } = playgroundTyped, [lab, experiment] = path.split("/"), current = values[0];
  const hidden = experiment && playgroundInSight(lab) !== experiment;
  const own = experiment ? place === path : place?.split("/")[0] === lab;
  const stays = hidden || own || !text?.trim() || text === current || (lab === "chat" && current.trim());
  const now = values.slice(0, 1 + firsts.length + Number(Boolean(asks)));
  if (stays) return now;
  return [text, ...firsts, ...(asks ? [place === "chat" || now.at(-1)] : [])];
}

// Where a picture begins: anew when a person has written another text, but not when a link or a click
// has set it. What belongs to the example's text goes with it; what a person wrote there stays.
function playgroundRestart(path, values, firsts, examples) {
  const wrote = playgroundTyped.place === path && playgroundTyped.text === values[0];
  const goes = (each, place) => wrote && (examples[place] === null || examples[place] === each);
  return values.slice(1, 1 + firsts.length).map((each, place) => (goes(each, place) ? firsts[place] : each));
}

// On narrow screens the sides are drawers; one is open at a time.
function playgroundToggle(side) {
  const other = side === "labs" ? "rail" : "labs";
  document.body.classList.remove(`show-${other}`);
  document.body.classList.toggle(`show-${side}`);
}

async function playgroundCopy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch (error) {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function playgroundKeys(event) {
  if (event.key !== "Escape") return;
  if (/\bshow-(labs|rail)\b/.test(document.body.className)) {
    document.body.classList.remove("show-labs", "show-rail");
    return;
  }
  const close = document.querySelector(".token-panel [data-close]");
  if (close) {
    close.click();
    return;
  }
  const stop = document.getElementById("stop");
  if (stop?.offsetParent) stop.click();
}

// Replies as chips: which ones, drawn by the server when they are looked at; a chip opens a panel.
function playgroundReplies(element, server, watch) {
  const open = new Set(); // the turns that are shown as tokens
  let shade = playgroundStored("playground-shade") === "surprisal" ? "surprisal" : "probability";
  let drawing = 0; // counts redraws: what was asked for before the last one is thrown away
  let wanted = null; // the chip to come back to after a branch
  const goTo = (chip) => playgroundGoTo(chip, ".chips");

  async function ask(call, turn, place) {
    const before = drawing;
    try {
      const html = await call([playgroundKey(), turn, place]);
      return before === drawing ? html : null;
    } catch (error) {
      return '<p class="muted">The tokens cannot be fetched; is the server still running?</p>';
    }
  }

  function press(buttons, isPressed) {
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(isPressed(button))));
  }

  function paint(tokens) {
    tokens.dataset.shade = shade;
    press(tokens.querySelectorAll("[data-shade]"), (button) => button.dataset.shade === shade);
    if (!tokens.querySelector(".chip[tabindex='0']")) tokens.querySelector(".chip")?.setAttribute("tabindex", "0");
  }

  async function draw(reply) {
    const tokens = reply.querySelector(".tokens");
    const html = await ask(server.draw_chips, Number(reply.dataset.turn), 0);
    if (html === null || tokens.firstChild) return;
    tokens.innerHTML = html;
    paint(tokens);
    if (wanted && wanted.turn === reply.dataset.turn && document.activeElement === document.body) {
      goTo(tokens.querySelector(`.chip[data-token="${wanted.token}"]`));
    }
    wanted = null;
  }

  function show(reply, asTokens) {
    const tokens = reply.querySelector(".tokens");
    reply.querySelector(".words").hidden = asTokens;
    tokens.hidden = !asTokens;
    press(reply.querySelectorAll("[data-view]"), (button) => (button.dataset.view === "tokens") === asTokens);
    open[asTokens ? "add" : "delete"](reply.dataset.turn);
    if (asTokens && !tokens.firstChild) draw(reply);
  }

  async function drawMore(button) {
    const reply = button.closest(".reply"), more = button.closest(".more");
    const html = await ask(server.draw_chips, Number(reply.dataset.turn), Number(button.dataset.more));
    if (html === null || !more.isConnected) return;
    const before = more.previousElementSibling;
    more.insertAdjacentHTML("afterend", html);
    more.remove();
    goTo(before.nextElementSibling);
  }

  function close(panel) {
    const chip = panel.parentElement.querySelector(".chip[aria-expanded=true]");
    chip?.setAttribute("aria-expanded", "false");
    panel.remove();
    return chip;
  }

  async function explain(chip) {
    const wasOpen = chip.getAttribute("aria-expanded") === "true";
    playgroundHold(chip, () => element.querySelectorAll(".token-panel").forEach(close));
    goTo(chip);
    if (wasOpen) return;
    chip.setAttribute("aria-expanded", "true");
    const turn = Number(chip.closest(".reply").dataset.turn);
    const html = await ask(server.explain_token, turn, Number(chip.dataset.token));
    if (html === null || chip.getAttribute("aria-expanded") !== "true") return;
    // Beneath the line that the chip stands in.
    let last = chip;
    while (last.nextElementSibling?.offsetTop === chip.offsetTop) last = last.nextElementSibling;
    if (last.nextElementSibling?.tagName === "BR") last = last.nextElementSibling;
    last.insertAdjacentHTML("afterend", html);
    const panel = chip.parentElement.querySelector(".token-panel");
    panel?.focus({ preventScroll: true });
    if (panel) playgroundReveal(panel, chip);
  }

  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { view, more, token, action } = button.dataset;
    wanted = action === "branch" ? { turn: button.dataset.index, token } : null;
    if (view) show(button.closest(".reply"), view === "tokens");
    else if (button.dataset.shade) {
      shade = button.dataset.shade;
      playgroundStored("playground-shade", shade);
      element.querySelectorAll(".tokens").forEach(paint);
    } else if (more) drawMore(button);
    else if (button.matches(".chip")) explain(button);
    else if (button.matches("[data-close]")) goTo(close(button.closest(".token-panel")));
  });

  element.addEventListener("keydown", (event) => {
    if (!event.target.matches(".chip") || !/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) return;
    event.preventDefault();
    goTo(playgroundNeighbour(event.target, event.key, ".chips"));
  });

  // A redraw brings every reply back as text.
  watch("value", () => {
    drawing += 1;
    clearInterval(playgroundComing);
    if (element.querySelector(".empty")) open.clear();
    element.querySelectorAll(".reply").forEach((reply) => {
      if (open.has(reply.dataset.turn) && reply.querySelector("[data-view]")) show(reply, true);
    });
  });
}

function playgroundStart() {
  // Gradio draws the page after this script; wait for its zones.
  const wait = setInterval(() => {
    if (!document.getElementById("to-latest") || !document.querySelector(".lab")) return;
    clearInterval(wait);
    // It is made before the labs (`page.py`); who goes by the keyboard comes to it after them.
    document.getElementById("zones").append(document.getElementById("rail"));
    playgroundTheme(playgroundStored("playground-theme") || "system");
    playgroundOpen();
    playgroundFollow();
    addEventListener("popstate", playgroundOpen);
    document.addEventListener("keydown", playgroundKeys);
    document.addEventListener("input", playgroundType);
    document.addEventListener("input", playgroundLinkRead);
    ["pointerdown", "keydown"].forEach((name) => document.addEventListener(name, playgroundTaken));
    document.addEventListener("click", (event) => {
      const outside = !event.target.closest("#labs, #rail, #topbar, [role=listbox]");
      if (outside) document.body.classList.remove("show-labs", "show-rail");
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      playgroundTheme(playgroundStored("playground-theme") || "system");
    });
  }, 30);
}

playgroundStart();
