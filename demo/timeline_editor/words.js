// Which words to offer while someone types, and which ones the model does not know. Pure functions on text.

const OFFERS = 6;
const PHRASE_WORDS = 5; // so far back may a phrase begin that is being typed
const SMALL_WORDS = new Set(["in", "on", "at", "a", "an", "the", "to", "of", "under", "over", "into", "with", "and", "by"]);

// The kinds of words as a list in which they can be looked up: [{text, lower, kind}].
function listWords(kinds) {
  return Object.entries(kinds ?? {}).flatMap(([kind, texts]) => texts.map((text) => ({ text, lower: text.toLowerCase(), kind })));
}

// What may stand at the caret: [{text, kind, from}], where `from` is the place in the prompt that it replaces.
function offers(prompt, caret, list) {
  if (/\p{L}/u.test(prompt[caret] ?? "")) return [];
  const before = prompt.slice(0, caret).toLowerCase();
  const starts = [...before.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’-]*/gu)].map((match) => match.index);
  const found = [];
  const add = (word, from) => {
    const known = found.some((other) => other.text === word.text);
    if (!known && word.lower !== before.slice(from)) found.push({ text: word.text, kind: word.kind, from });
  };
  for (const from of starts.slice(-PHRASE_WORDS)) {
    const fragment = before.slice(from);
    // in "a fox " all three letters have been typed: only a longer phrase can go on from there
    for (const word of list) if (word.lower.startsWith(fragment) && word.lower !== fragment.trimEnd()) add(word, from);
  }
  const last = before.slice(starts.at(-1) ?? 0);
  const previous = before.slice(starts.at(-2) ?? 0, starts.at(-1) ?? 0).trim();
  if (/^[\p{L}'’-]{3,}$/u.test(last) && !SMALL_WORDS.has(previous)) {
    for (const word of list) if (word.lower.includes(` ${last}`)) add(word, starts.at(-1));
  }
  return found.slice(0, OFFERS);
}

// Whether what has just been typed is one of the words already, so that nothing should be chosen unasked.
function isWhole(prompt, caret, list) {
  const before = prompt.slice(0, caret).toLowerCase();
  return list.some(({ lower }) => before.endsWith(lower) && !/\p{L}/u.test(before[before.length - lower.length - 1] ?? ""));
}

// Words of a prompt that are not in the set `known`; the one around `caret` is still being typed.
function unknownWords(prompt, known, caret = null) {
  if (!known.size) return [];
  const found = new Set();
  for (const match of prompt.matchAll(/\p{L}[\p{L}\p{M}'’-]*/gu)) {
    if (caret !== null && match.index < caret && caret <= match.index + match[0].length) continue;
    const word = match[0].toLowerCase().replaceAll("’", "'").replace(/['-]+$/, "");
    const knows = (part) => known.has(part) || known.has(part.replace(/'s$/, ""));
    if (!knows(word) && !word.split("-").every(knows)) found.add(word);
  }
  return [...found];
}
