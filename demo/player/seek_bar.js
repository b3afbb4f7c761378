// The bar below the picture: what is made, where segments begin, where we are, and what lies under the pointer.

class SeekBar {
  constructor(root, seek, hold) {
    this.find = (selector) => root.querySelector(selector);
    this.input = this.find(".seek");
    this.bar = this.find(".bar");
    this.tip = this.find(".tip");
    this.seconds = 0;
    const release = () => {
      if (this.held) hold((this.held = false));
    };
    this.input.addEventListener("pointerdown", () => hold((this.held = true)));
    for (const name of ["pointerup", "pointercancel", "change", "blur"]) this.input.addEventListener(name, release);
    this.input.addEventListener("input", () => seek(Number(this.input.value)));
    this.bar.addEventListener("pointermove", (event) => this.drawTip(event));
    for (const name of ["pointerleave", "pointercancel"]) this.bar.addEventListener(name, () => (this.tip.hidden = true));
    this.bar.addEventListener("pointerup", (event) => (this.tip.hidden = event.pointerType !== "mouse"));
  }

  // Drawn once for each list of clips. A million units wide, so that no piece is rounded away.
  drawFilm(film) {
    this.film = film;
    this.seconds = film.seconds;
    this.input.max = film.seconds || 1;
    const x = (seconds) => Math.round((1e6 * seconds) / (film.seconds || 1));
    const pieces = (stale) => {
      const runs = [];
      for (const clip of film.clips) {
        if (Boolean(clip.stale) !== stale) continue;
        if (runs.length && clip.start <= runs.at(-1)[1] + SLACK) runs.at(-1)[1] = clip.end;
        else runs.push([clip.start, clip.end]);
      }
      return runs.map(([start, end]) => `M${x(start)} 0H${x(end)}V1H${x(start)}Z`).join("");
    };
    this.find(".made").setAttribute("d", pieces(false));
    this.find(".stale").setAttribute("d", pieces(true));
    const borders = film.captions.map((row) => row.start).filter((start) => start > SLACK && start < film.seconds - SLACK);
    this.find(".borders").setAttribute("d", borders.map((start) => `M${x(start)} 0V1`).join(""));
  }

  drawTime(seconds, spoken) {
    const part = this.seconds ? Math.min(seconds / this.seconds, 1) : 0;
    this.find(".passed").style.transform = `scaleX(${part.toFixed(5)})`;
    if (!this.held) this.input.value = seconds;
    this.input.setAttribute("aria-valuetext", spoken);
  }

  // Where the clip belongs that is being made, or null.
  drawMaking(seconds) {
    const mark = this.find(".making-mark");
    mark.hidden = seconds === null || !this.seconds;
    if (!mark.hidden) mark.style.left = `${(100 * seconds) / this.seconds}%`;
  }

  drawTip(event) {
    const box = this.bar.getBoundingClientRect();
    if (!this.seconds || event.pointerType === "touch") return;
    const x = Math.max(0, Math.min(event.clientX - box.left, box.width));
    const seconds = (this.seconds * x) / box.width;
    setText(this.find(".tip-time"), clock(seconds, this.seconds, " s"));
    setText(this.find(".tip-prompt"), captionAt(this.film, seconds)?.prompt ?? "");
    this.tip.hidden = false;
    const half = this.tip.offsetWidth / 2;
    this.tip.style.transform = `translateX(${Math.max(0, Math.min(x - half, box.width - 2 * half)).toFixed(0)}px)`;
  }
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Seconds with their unit, or with minutes where the whole has any.
function clock(seconds, whole, unit = "") {
  const tenths = Math.floor(10 * seconds + 0.3);
  if (whole < 60) return (tenths / 10).toFixed(1) + unit;
  return `${Math.floor(tenths / 600)}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}
