// A phone with one chat. Everything shown is built from text nodes: data never becomes markup.
"use strict";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const shown = new Map(); // message id -> { json, node }
const waiting = new Map(); // callback id -> button
let version = 0;
let userId = Number(query.get("user")) || 0;
let replyTo = null;
let typingTimer = 0;
let toastTimer = 0;

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function post(path, body) {
  const response = await fetch(`/control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) toast(answer.error);
  return response.ok ? answer : null;
}

function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// Formatted text

const isQuote = (entity) => entity.type.endsWith("blockquote");
const isCode = (entity) => entity.type === "pre" || entity.type === "code";
const depth = (entity) => (isQuote(entity) ? 0 : isCode(entity) ? 2 : 1);

function formatted(node, text, entities) {
  const sorted = [...entities].sort(
    (a, b) => a.offset - b.offset || b.length - a.length || depth(a) - depth(b),
  );
  return fill(node, text, sorted, 0, text.length);
}

function fill(node, text, entities, from, to) {
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const [entity, ...others] = rest;
    const end = Math.min(entity.offset + entity.length, to);
    node.append(text.slice(at, entity.offset));
    const inner = others.filter((other) => other.offset < end);
    node.append(entityNode(entity, text.slice(entity.offset, end), (target) =>
      fill(target, text, inner, entity.offset, end)));
    rest = others.slice(inner.length);
    // A block ends its line by itself.
    const isBlock = isQuote(entity) || entity.type === "pre";
    at = isBlock && text[end] === "\n" && end < to ? end + 1 : end;
  }
  node.append(text.slice(at, to));
  return node;
}

function entityNode(entity, text, fillInto) {
  const plain = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
  switch (entity.type) {
    case "pre": {
      const block = element("pre", "", fillInto(element("code")));
      if (entity.language) block.dataset.language = entity.language;
      return block;
    }
    case "blockquote":
      return fillInto(element("blockquote"));
    case "expandable_blockquote": {
      const quote = fillInto(element("blockquote", "expandable"));
      quote.addEventListener("click", () => quote.classList.toggle("expanded"));
      return quote;
    }
    case "spoiler": {
      const cover = fillInto(element("span", "spoiler"));
      cover.tabIndex = 0;
      cover.addEventListener("click", () => cover.classList.add("shown"));
      cover.addEventListener("keydown", (event) => event.key === "Enter" && cover.click());
      return cover;
    }
    case "text_link":
      return link(entity.url, fillInto);
    case "url":
      return link(text, fillInto);
    case "bot_command": {
      const command = fillInto(element("button", "command"));
      command.type = "button";
      command.addEventListener("click", () => say(text));
      return command;
    }
    default:
      return fillInto(element(plain[entity.type] ?? "span"));
  }
}

function link(url, fillInto) {
  if (!/^(https?|tg):\/\//i.test(url)) return fillInto(element("span"));
  const anchor = fillInto(element("a"));
  anchor.href = url;
  anchor.title = url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

// Messages

const time = (date) =>
  new Date(date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
const day = (date) =>
  new Date(date * 1000).toLocaleDateString([], { day: "numeric", month: "long" });

const summary = (message) =>
  message.text ?? message.caption ?? message.document?.file_name ?? "Photo";

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const kilo = bytes / 1024;
  return kilo < 1024 ? `${kilo.toFixed(1)} KB` : `${(kilo / 1024).toFixed(1)} MB`;
}

function messageNode(message, byId) {
  const bubble = element("div", "bubble");
  const answered = byId.get(message.reply_to);
  if (answered) bubble.append(element("div", "quote", summary(answered)));
  if (message.photo) bubble.append(photoNode(message.photo));
  if (message.document) bubble.append(fileNode(message.document));
  const text = message.text ?? message.caption;
  if (text) bubble.append(formatted(element("div", "text"), text, message.entities));
  const edited = message.edit_date ? "edited " : "";
  const silent = message.silent ? "🔕 " : "";
  bubble.append(element("span", "meta", `${silent}${edited}${time(message.date)}`));
  bubble.addEventListener("click", (event) => {
    if (event.target.closest("a, button, .spoiler, .expandable")) return;
    if (String(getSelection()) === "") startReply(message);
  });

  const node = element("li", `msg ${message.from_bot ? "in" : "out"}`, bubble);
  node.dataset.messageId = message.message_id;
  if (message.reaction) node.append(element("span", "reaction", message.reaction));
  if (message.keyboard.length > 0) node.append(keyboardNode(message));
  return node;
}

function photoNode(photo) {
  const image = element("img", "photo");
  image.src = `/control/file?id=${encodeURIComponent(photo.file_id)}`;
  image.alt = "Photo";
  return image;
}

function fileNode(file) {
  const disc = element("span", "disc", "↓");
  disc.setAttribute("aria-hidden", "true");
  const name = element("span", "", file.file_name, element("small", "", size(file.size)));
  const row = element("a", "file", disc, name);
  row.href = `/control/file?id=${encodeURIComponent(file.file_id)}`;
  row.download = file.file_name;
  row.setAttribute("aria-label", `Download ${file.file_name}`);
  return row;
}

function keyboardNode(message) {
  const rows = message.keyboard.map((row) =>
    element("div", "row", ...row.map((button) => buttonNode(message, button))));
  return element("div", "keyboard", ...rows);
}

function buttonNode(message, button) {
  const node = element("button", `ikb ${button.style ?? ""}`, button.text);
  node.type = "button";
  node.disabled = button.disabled;
  if (button.url) node.classList.add("link");
  node.addEventListener("click", async () => {
    if (button.url) {
      open(button.url, "_blank", "noopener,noreferrer");
    } else if (button.copy_text) {
      await navigator.clipboard.writeText(button.copy_text);
      toast("Copied");
    } else {
      await press(node, message, button);
    }
  });
  return node;
}

async function press(node, message, button) {
  node.classList.add("waiting");
  const press = { user_id: userId, message_id: message.message_id, label: button.text };
  const pressed = await post("press", press);
  if (pressed) waiting.set(pressed.callback_id, node);
  else node.classList.remove("waiting");
  await showAnswers();
}

async function showAnswers() {
  for (const [id, node] of waiting) {
    const answer = await get(`/control/answer?callback_id=${id}`);
    if (!answer || !waiting.delete(id)) continue;
    node.classList.remove("waiting");
    if (!answer.text) continue;
    if (!answer.show_alert) {
      toast(answer.text);
      continue;
    }
    $("alert-text").textContent = answer.text;
    if (!$("alert").open) $("alert").showModal();
  }
}

function showMessages(messages) {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const kept = messages.filter((message) => !message.deleted);
  const byId = new Map(kept.map((message) => [message.message_id, message]));
  for (const [id, old] of shown) {
    if (byId.has(id)) continue;
    old.node.remove();
    shown.delete(id);
  }
  const isFirst = shown.size === 0;
  let added = false;
  let lastDay = "";
  list.querySelectorAll(".day").forEach((node) => node.remove());
  for (const message of kept) {
    const json = JSON.stringify(message);
    const old = shown.get(message.message_id);
    if (old?.json !== json) {
      const node = messageNode(message, byId);
      if (!old && !isFirst) node.classList.add("new");
      if (old) old.node.replaceWith(node);
      else list.append(node);
      added ||= !old;
      shown.set(message.message_id, { json, node });
    }
    if (day(message.date) !== lastDay) {
      lastDay = day(message.date);
      shown.get(message.message_id).node.before(element("li", "day", lastDay));
    }
  }
  if (added || atEnd) list.scrollTop = list.scrollHeight;
}

// Header, people, composer

function showState(state) {
  const person = state.people.find(({ user }) => user.id === userId) ?? state.people[0];
  if (person && person.user.id !== userId) userId = person.user.id;
  const chat = person?.chat ?? "not_started";
  document.title = state.bot.name;
  $("name").textContent = state.bot.name;
  $("avatar").textContent = [...state.bot.name].slice(0, 1).join("").toUpperCase();
  $("activity").textContent = person?.typing ? "typing…" : "bot";
  $("activity").classList.toggle("typing", Boolean(person?.typing));
  clearTimeout(typingTimer);
  if (person?.typing) typingTimer = setTimeout(refresh, 5100);
  $("clock").textContent = time(state.date);
  $("composer").hidden = chat !== "open";
  $("start").hidden = chat === "open" || !person;
  $("start").textContent = chat === "blocked" ? "Unblock" : "Start";
  $("start").dataset.chat = chat;
  $("block").hidden = chat !== "open";
  $("menu").hidden = !state.commands?.length;
  showCommands(state.commands ?? []);
  showPeople(state.people);
}

function showPeople(people) {
  const links = people.map(({ user }) => {
    const anchor = element("a", "", user.first_name);
    anchor.href = `?user=${user.id}`;
    if (user.id === userId) anchor.setAttribute("aria-current", "page");
    return anchor;
  });
  $("people").hidden = people.length < 2;
  $("people").replaceChildren(...links);
}

function showCommands(commands) {
  const rows = commands.map(({ command, description }) => {
    const button = element("button", "", element("b", "", `/${command}`), element("span", "", description));
    button.type = "button";
    button.addEventListener("click", () => {
      openMenu(false);
      say(`/${command}`);
    });
    return element("li", "", button);
  });
  $("commands").replaceChildren(...rows);
}

function openMenu(isOpen) {
  $("commands").hidden = !isOpen;
  $("menu").setAttribute("aria-expanded", String(isOpen));
}

function startReply(message) {
  replyTo = message.message_id;
  $("quoted").textContent = summary(message);
  $("replying").hidden = false;
  $("text").focus();
}

function endReply() {
  replyTo = null;
  $("replying").hidden = true;
}

async function say(text) {
  if (replyTo === null) await post("send_text", { user_id: userId, text });
  else await post("reply", { user_id: userId, to_message: replyTo, text });
  endReply();
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").classList.remove("shown"), 3500);
}

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "") return;
  $("text").value = "";
  openMenu(false);
  await say(text);
});
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});
$("no-reply").addEventListener("click", endReply);
$("menu").addEventListener("click", () => openMenu($("commands").hidden));
$("block").addEventListener("click", () => post("block", { user_id: userId }));
$("start").addEventListener("click", async () => {
  if ($("start").dataset.chat === "blocked") {
    await post("unblock", { user_id: userId });
    return;
  }
  const payload = query.get("start");
  await say(payload ? `/start ${payload}` : "/start");
});

// Live

async function refresh() {
  showState(await get("/control/state"));
  showMessages(await get(`/control/messages?chat_id=${userId}`));
  await showAnswers();
}

async function watch() {
  for (;;) {
    try {
      const next = await get(`/control/changes?since=${version}`);
      if (next.version !== version) await refresh();
      version = next.version;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

watch();
