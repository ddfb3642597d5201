// Keys that work anywhere, the links that skip what stands before the work, and the page's title.

const playgroundWriting = "textarea, select, [contenteditable=true], input:not([type=range], [type=radio], [type=checkbox])";

function playgroundShortcut(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest(`${playgroundWriting}, dialog`)) return;
  if (event.key === "/") playgroundSkip("#message textarea");
  else if (event.key === "?") playgroundShowKeys();
  else return;
  event.preventDefault();
}

function playgroundShowKeys() {
  document.body.classList.remove("show-labs", "show-rail");
  const list = document.getElementById("keys-list");
  if (!list.open) list.showModal();
}

// Brings the focus to the work or to the message; the chat is opened for that. Returns false, so
// that a link leaves the address as it is.
function playgroundSkip(where) {
  const target = document.querySelector(where);
  if (where === "#work") target.tabIndex = -1;
  else if (document.body.dataset.lab !== "chat") document.getElementById("lab-chat").click();
  else document.body.classList.remove("show-labs", "show-rail");
  let tries = 40; // the lab is opened by an event of its own
  const wait = setInterval(() => {
    if (!--tries || target.offsetParent) clearInterval(wait);
    if (target.offsetParent) target.focus();
  }, 25);
  return false;
}

// The title says where one is: in a list of tabs, in a bookmark, in what is read aloud.
function playgroundTitle() {
  const { lab, experiment } = playgroundPlace();
  const named = document.getElementById(`experiment-${lab}-${experiment}-button`)?.textContent.trim();
  const words = [named, document.getElementById(`lab-${lab}`)?.textContent.trim(), "LLM Playground"];
  document.title = [...new Set(words.filter(Boolean))].join(" · ");
}

addEventListener("keydown", playgroundShortcut);
