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

// A random key that names this browser's conversation; only this browser has it.
function playgroundKey() {
  let key = playgroundStored("playground-key");
  if (!/^[0-9a-f]{32}$/.test(key || "")) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    playgroundStored("playground-key", key);
  }
  return key;
}

function playgroundTheme(name) {
  playgroundStored("playground-theme", name);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", name === "dark" || (name === "system" && prefersDark));
  document.body.dataset.colours = name;
}

function playgroundLab(name) {
  document.querySelectorAll(".lab").forEach((button) => {
    button.setAttribute("aria-current", button.id === `lab-${name}` ? "page" : "false");
  });
  document.body.dataset.lab = name;
  document.body.classList.remove("show-labs", "show-rail");
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

function playgroundFollow() {
  // Follow the reply only while the reader is at the bottom, so that scrolling up is left alone.
  let atBottom = true;
  const root = document.scrollingElement;
  addEventListener("scroll", () => {
    atBottom = innerHeight + root.scrollTop >= root.scrollHeight - 120;
  }, { passive: true });
  new MutationObserver(() => {
    if (atBottom) root.scrollTop = root.scrollHeight;
  }).observe(document.getElementById("panel-chat"), { childList: true, subtree: true, characterData: true });
}

function playgroundKeys(event) {
  if (event.key !== "Escape") return;
  if (/\bshow-(labs|rail)\b/.test(document.body.className)) {
    document.body.classList.remove("show-labs", "show-rail");
    return;
  }
  document.querySelector("#stop:not(.hidden)")?.click();
}

function playgroundStart() {
  // Gradio draws the page after this script; wait for its zones.
  const wait = setInterval(() => {
    if (!document.getElementById("work") || !document.querySelector(".lab")) return;
    clearInterval(wait);
    playgroundTheme(playgroundStored("playground-theme") || "system");
    playgroundLab("chat");
    playgroundFollow();
    document.addEventListener("keydown", playgroundKeys);
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
