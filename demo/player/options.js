// What someone chose once: the browser remembers it.

const OPTIONS_KEY = "phenaki-player";

function readOptions() {
  try {
    return JSON.parse(localStorage.getItem(OPTIONS_KEY)) ?? {};
  } catch {
    return {};
  }
}

const options = { captions: true, crisp: false, loop: true, folded: false, frames: false, ...readOptions() };

function choose(name, value) {
  options[name] = value;
  try {
    localStorage.setItem(OPTIONS_KEY, JSON.stringify(options));
  } catch {
    // a browser that keeps nothing
  }
  transport.loop = options.loop;
  drawSoon();
}
