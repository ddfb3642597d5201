// The chat's own part of the page: its chats, its buttons, and what is in sight.

// A random key names a conversation; only this browser has it. A page holds its own, so that two
// pages can show two chats; a new page shows the one that was opened last.
let playgroundHere = null;
const playgroundIsKey = (key) => /^[0-9a-f]{32}$/.test(key || "");
function playgroundKey() {
  if (!playgroundHere) playgroundTake(playgroundVisit() || playgroundStored("playground-key"));
  return playgroundHere;
}

// What this page had before it was loaded anew.
function playgroundVisit(key) {
  try {
    if (key === undefined) return sessionStorage.getItem("playground-key");
    sessionStorage.setItem("playground-key", key);
  } catch (error) {
    console.info("storage is off", error);
  }
  return null;
}

// Takes a conversation for this page; without a key that is one, a new conversation.
function playgroundTake(key) {
  if (!playgroundIsKey(key)) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  playgroundHere = key;
  playgroundVisit(key);
  playgroundStored("playground-key", key);
  playgroundOwn([...playgroundOwn(), key]);
}

// The keys of all chats of this browser; given some, keeps those.
let playgroundKept = [];
function playgroundOwn(keys) {
  if (keys) {
    playgroundKept = [...new Set(keys)];
    playgroundStored("playground-chats", JSON.stringify(playgroundKept));
  }
  try {
    const stored = JSON.parse(playgroundStored("playground-chats") || "null");
    if (Array.isArray(stored)) playgroundKept = stored.filter(playgroundIsKey);
  } catch (error) {
    console.info("the list of chats is broken, and begins anew", error);
  }
  return playgroundKept;
}

// The row above the messages: new chat, past chats, export.
const playgroundMostChats = 100; // apps/chat/shelf.py knows it, too
let playgroundShowChat = () => {}; // shows the chat of this page's key; set by the messages
let playgroundRefreshChat = () => {}; // shows what became of it elsewhere; set by the messages
// The state of the chat that stands in the page; a question is sent with it.
const playgroundSeen = () => document.querySelector("#transcript [data-state]")?.dataset.state || "";
function playgroundChats(element, server) {
  const list = element.querySelector(".chat-list"), note = element.querySelector(".chat-note");
  const opener = element.querySelector("[data-do=list]");
  const forGood = () => playgroundStored("playground-deleted");

  function say(text, button) {
    note.hidden = !text;
    note.firstChild.textContent = text;
    note.querySelector("button")?.remove();
    if (button) note.append(button);
  }

  async function draw() {
    list.innerHTML = await server.draw_chats([playgroundOwn(), playgroundKey()]);
  }

  async function unfold(open) {
    if (open) await draw();
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  }

  function show(key) {
    playgroundTake(key);
    say("");
    unfold(false);
    playgroundArrive();
    playgroundCompose();
  }

  async function begin() {
    if (document.querySelector("#transcript .empty")) {
      const { state } = await server.chat_state(playgroundKey());
      // Else another tab has begun it, and this one wants a chat of its own.
      if (!state || state === playgroundSeen()) return playgroundCompose();
    }
    if (playgroundOwn().length >= playgroundMostChats) {
      return say(`At most ${playgroundMostChats} chats are kept, got ${playgroundOwn().length}; delete one under Past chats first.`);
    }
    show(null);
  }

  // What was deleted before is removed for good only now: one deletion can be taken back.
  async function remove(key, title) {
    if (forGood()) await server.remove_chat(forGood());
    playgroundStored("playground-deleted", key);
    playgroundOwn(playgroundOwn().filter((each) => each !== key));
    if (key === playgroundKey()) show(null);
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "small";
    undo.dataset.do = "undelete";
    undo.textContent = "Bring it back";
    say(`Deleted: ${title} `, undo);
    undo.focus();
    if (!list.hidden) draw();
  }

  // The title becomes a field: Enter keeps what is written, Escape leaves the title as it was.
  function rename(row, key) {
    const title = row.querySelector(".chat-title"), field = document.createElement("input");
    if (!title) return row.querySelector("input").focus();
    field.value = title.textContent;
    field.setAttribute("aria-label", "Title of the chat; empty for its first question");
    row.querySelector(".chat-open").replaceWith(field);
    field.select();
    field.addEventListener("keydown", async (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      const problem = event.key === "Enter" ? await server.rename_chat([key, field.value]) : "";
      say(problem);
      if (problem) return;
      await draw();
      list.querySelector(`[data-do=rename][data-key="${key}"]`)?.focus();
    });
  }

  function undelete() {
    playgroundOwn([...playgroundOwn(), forGood()]);
    playgroundStored("playground-deleted", "");
    say("");
    unfold(true);
  }

  async function save(kind) {
    const { text, problem } = await server.export_chat([playgroundKey(), kind]);
    if (problem) return say(problem);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = `chat.${kind}`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    const { do: what, key } = button.dataset, changes = what === "new" || what === "open" || what === "delete";
    if (changes && playgroundAnswering()) return say("A reply is still being written; stop it or wait for its end.");
    if (what === "new") begin();
    else if (what === "list") unfold(list.hidden);
    else if (what === "open") key === playgroundKey() ? unfold(false) : show(key);
    else if (what === "delete") remove(key, button.getAttribute("aria-label").replace("Delete ", ""));
    else if (what === "rename") rename(button.parentElement, key);
    else if (what === "undelete") undelete();
    else save(what);
  });

  // Another tab may have gone on with this chat: who comes back to this one sees it as it is.
  let waiting = 0;
  async function catchUp() {
    clearTimeout(waiting);
    if (document.hidden || playgroundAnswering()) return;
    const { state, answering } = await server.chat_state(playgroundKey());
    if (state && state !== playgroundSeen() && !playgroundAnswering()) playgroundRefreshChat();
    if (answering) waiting = setTimeout(catchUp, 1000);
  }
  document.addEventListener("visibilitychange", catchUp);
  addEventListener("focus", catchUp);

  const left = forGood();
  playgroundStored("playground-deleted", "");
  if (playgroundIsKey(left)) server.remove_chat(left);
}

function playgroundAnswering() {
  return Boolean(document.querySelector("#live .draft"));
}

// Asks for the chat of this page's key until it is drawn: Gradio drops what is asked while an earlier
// click is still being done.
let playgroundComing = 0;
function playgroundArrive() {
  clearInterval(playgroundComing);
  playgroundShowChat();
  let tries = 0;
  playgroundComing = setInterval(() => {
    if (++tries > 6) return clearInterval(playgroundComing);
    playgroundShowChat();
  }, 500);
}

// Follows the reply while the reader is at the bottom, so that scrolling up is left alone, and only in
// the chat: it is drawn behind a lab that a link opens, too. What one sends is always brought into
// sight; from elsewhere a button leads to the latest.
function playgroundFollow() {
  let atBottom = true, wasAnswering = false;
  const root = document.scrollingElement;
  const inChat = () => document.body.dataset.lab === "chat";
  const look = () => {
    atBottom = innerHeight + root.scrollTop >= root.scrollHeight - 120;
    document.getElementById("to-latest").hidden = atBottom || !inChat();
  };
  const go = () => {
    root.scrollTop = root.scrollHeight;
    look();
  };
  addEventListener("scroll", look, { passive: true });
  addEventListener("resize", () => (atBottom && inChat() ? go() : look()));
  document.getElementById("panel-chat").addEventListener("click", (event) => {
    if (!event.target.closest("#to-latest")) return;
    go();
    playgroundCompose();
  });
  new MutationObserver((changes) => {
    const begun = playgroundAnswering() && !wasAnswering;
    wasAnswering = playgroundAnswering();
    // Looking at tokens is no news: what was clicked must stay where it is.
    const looking = changes.every(({ target }) => (target.closest ? target : target.parentElement)?.closest(".tokens, #chats"));
    if ((begun || (atBottom && !looking)) && inChat()) go();
    else look();
  }).observe(document.getElementById("panel-chat"), { childList: true, subtree: true, characterData: true });
}

// Sends every click on a button with `data-action` to the server; copies without it.
function playgroundClicks(element, trigger) {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-action], button[data-copy]");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    if (!button.dataset.action) return playgroundCopy(button);
    const { action, index, token, alternative, way } = button.dataset;
    playgroundPressed = { action, index, way, until: Date.now() + 30000 };
    trigger("select", {
      action, index: Number(index || 0), token: Number(token || 0), alternative: Number(alternative || 0),
    });
  });
  new MutationObserver(() => playgroundRefocus(element)).observe(element, { childList: true, subtree: true });
}

// Gradio may draw the messages anew while a step begins and after it: what was pressed is then gone, and
// the focus with it.
let playgroundPressed = null;
function playgroundRefocus(element) {
  const { action, index, way, until } = playgroundPressed || {};
  if (action === "edit" && element.querySelector(".going")) {
    playgroundPressed = null;
    playgroundCompose();
  } else if (action === "version" && Date.now() < until && document.activeElement === document.body) {
    element.querySelector(`.versions button[data-index="${index}"][data-way="${way}"]`)?.focus();
  }
}

// Puts the focus into the message, behind what stands there.
function playgroundCompose() {
  const field = document.querySelector("#message textarea");
  requestAnimationFrame(() => {
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  });
}
