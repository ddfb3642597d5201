// What a picture was made of, held against what form and run settings say now; and the runs that a
// lab begins itself when it is opened.

const playgroundSaid = {}; // path of an experiment -> what its fields say, by name

// Compared as the page's address spells it. The server tells of a long text its length and its
// beginning alone.
const playgroundLongText = 400, playgroundBeginning = 100;
function playgroundSpelled(value) {
  const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
  if (text.length <= playgroundLongText) return text;
  return `${text.length} ${Array.from(text.slice(0, 2 * playgroundBeginning)).slice(0, playgroundBeginning).join("")}`;
}

// Takes down what the fields of an experiment say, and marks its picture where that is of other settings.
function playgroundSays(path, settings, values) {
  playgroundSaid[path] = Object.fromEntries(settings.map(({ name }, place) => [name, values[place]]));
  const [lab, experiment] = path.split("/");
  playgroundMark(document.getElementById(`view-${lab}-${experiment}`), path);
}

function playgroundMark(element, path) {
  const head = element?.querySelector(".picture-head");
  if (!head) return;
  const old = playgroundIsOld(head, path);
  // What follows its form is redrawn in a moment, and would only flicker.
  if (old && !head.classList.contains("old")) setTimeout(() => playgroundShowOld(head, playgroundIsOld(head, path)), 600);
  else playgroundShowOld(head, old);
}

// Fields that nobody has touched say what they said at first, and so does the picture.
function playgroundIsOld(head, path) {
  const made = JSON.parse(head.dataset.madeOf), said = playgroundSaid[path] || {};
  return Object.keys(made).some((name) => name in said && playgroundSpelled(made[name]) !== playgroundSpelled(said[name]));
}

function playgroundShowOld(head, old) {
  head.classList.toggle("old", old);
  head.querySelector(".since").hidden = !old;
}

// Whether a lab's experiment has a picture, or one on its way.
function playgroundStanding(lab, experiment) {
  const place = `${lab}-${experiment}`, view = document.getElementById(`view-${place}`);
  const running = document.getElementById(`stop-${place}`)?.offsetParent || view?.querySelector("[data-press]");
  return running || view?.querySelector(".picture-head") ? "shown" : "empty";
}

const playgroundBegun = new Set(); // experiments that run because they were opened

function playgroundPicture(element, path, watch) {
  const look = () => {
    playgroundMark(element, path);
    const waiting = element.querySelector("[data-press]");
    if (!waiting || playgroundBegun.has(path)) return;
    playgroundBegun.add(path);
    document.getElementById(`run-${path.replace("/", "-")}`)?.click();
  };
  watch("value", look);
}

// What a person presses or types is theirs: it goes on when they look at another lab.
function playgroundTaken(event) {
  if (event.isTrusted && event.target.closest?.(".experiment")) playgroundBegun.delete(playgroundPath());
}

// A run that nobody has asked for ends when its lab is left. Its Stop may be about to come. So does
// one that can be gone on with, whoever asked for it.
function playgroundLeave() {
  document.querySelectorAll(".lab-panel:not([data-current]) .ends-when-left:not(.hidden)").forEach((stop) => stop.click());
  const here = playgroundPath();
  [...playgroundBegun].filter((path) => path !== here).forEach((path) => {
    playgroundBegun.delete(path);
    playgroundStop(path.replace("/", "-"), 20);
  });
}

function playgroundStop(place, tries) {
  const stop = document.getElementById(`stop-${place}`);
  if (stop?.offsetParent !== undefined && !stop.classList.contains("hidden")) stop.click();
  else if (tries) setTimeout(() => playgroundStop(place, tries - 1), 100);
}
