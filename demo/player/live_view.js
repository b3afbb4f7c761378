// The clip that is being made: the model's present guess of its picture, veiled where tokens are still masked.
//
// Drawn on two canvases, and only when something has changed: an animation would make the browser put the whole page
// together 60 times a second, on the processor that the sampler needs.

const VEIL = { size: 480, gap: 2, fade: 0.34, fadeMs: 80, stirMs: 300 };

class LiveView {
  constructor(root, calm) {
    this.root = root;
    this.calm = calm;
    this.guess = root.querySelector(".guess").getContext("2d");
    this.veil = root.querySelector(".veils").getContext("2d");
    this.veil.canvas.width = this.veil.canvas.height = VEIL.size;
    this.latest = null;
    this.draw({});
    this.timer = setInterval(() => this.stir(), VEIL.stirMs);
  }

  draw(preview) {
    this.rows = Math.min(preview.rows || 8, 64);
    this.columns = Math.min(preview.columns || 8, 64);
    const count = this.rows * this.columns;
    const mask = preview.mask?.length === count ? preview.mask : "1".repeat(count);
    if (this.cells?.length !== count) {
      this.cells = Array.from({ length: count }, () => ({ opacity: 1, light: Math.random() }));
    }
    this.cells.forEach((cell, i) => (cell.masked = mask[i] === "1"));
    this.fade();
    this.paint(preview.picture);
  }

  get isLarge() {
    return this.root.dataset.size === "large";
  }

  // Veils lift in a few steps where the view is large.
  fade() {
    clearTimeout(this.fading);
    const step = this.isLarge && !this.calm.matches ? VEIL.fade : 1;
    let moving = false;
    for (const cell of this.cells) {
      const goal = cell.masked ? 1 : 0;
      cell.opacity += Math.max(-step, Math.min(step, goal - cell.opacity));
      moving ||= cell.opacity !== goal;
    }
    this.drawVeil();
    if (moving) this.fading = setTimeout(() => this.fade(), VEIL.fadeMs);
  }

  drawVeil() {
    const { veil, rows, columns } = this;
    const { size, gap } = VEIL;
    const [width, height] = [size / columns, size / rows];
    veil.clearRect(0, 0, size, size);
    this.cells.forEach((cell, i) => {
      if (!cell.opacity) return;
      const [x, y] = [(i % columns) * width, Math.floor(i / columns) * height];
      const light = 22 + 30 * cell.light ** 3;
      veil.globalAlpha = 0.88 * cell.opacity;
      veil.fillStyle = `rgb(${light} ${light} ${light * 1.75})`;
      veil.beginPath();
      veil.roundRect(x + gap / 2, y + gap / 2, width - gap, height - gap, 0.12 * width);
      veil.fill();
    });
  }

  // Enlarged by the canvas, which is smoother than what a style sheet can ask for.
  async paint(address) {
    if (address === this.latest) return;
    this.latest = address;
    const { guess } = this;
    const { width, height } = guess.canvas;
    if (!address?.startsWith("data:image/")) {
      guess.clearRect(0, 0, width, height);
      return;
    }
    const image = new Image();
    image.src = address;
    try {
      await image.decode();
    } catch {
      return; // the next one is on its way
    }
    if (address !== this.latest) return;
    guess.imageSmoothingQuality = "high";
    guess.drawImage(image, 0, 0, width, height);
  }

  // A veil that stirs now and then tells that work goes on.
  stir() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    if (this.calm.matches || document.hidden || !this.isLarge) return;
    for (let i = 0; i < 5; i++) this.cells[Math.floor(Math.random() * this.cells.length)].light = Math.random();
    this.drawVeil();
  }
}
