// The clip that is being made: the model's present guess of its picture, veiled where tokens are still masked.

class LiveView {
  constructor(root, calm) {
    this.root = root;
    this.calm = calm;
    this.canvas = root.querySelector(".guess");
    this.grid = root.querySelector(".cells");
    this.cells = [];
    this.mask = "";
    this.shape = "";
    this.latest = null;
    this.draw({});
    // A veil that stirs now and then tells that work goes on, for far less than an animation of the whole screen.
    this.timer = setInterval(() => this.stir(), 280);
  }

  draw(preview) {
    const rows = Math.min(preview.rows || 8, 64);
    const columns = Math.min(preview.columns || 8, 64);
    if (this.shape !== `${rows}x${columns}`) this.build(rows, columns);
    this.mask = preview.mask?.length === rows * columns ? preview.mask : "1".repeat(rows * columns);
    this.cells.forEach((cell, i) => cell.classList.toggle("open", this.mask[i] !== "1"));
    const part = preview.steps ? Math.min(preview.step / preview.steps, 1) : 0;
    this.root.style.setProperty("--part", part.toFixed(3));
    this.paint(preview.picture);
  }

  build(rows, columns) {
    this.shape = `${rows}x${columns}`;
    this.grid.style.setProperty("--columns", columns);
    this.grid.style.setProperty("--rows", rows);
    this.cells = Array.from({ length: rows * columns }, () => document.createElement("i"));
    this.grid.replaceChildren(...this.cells);
  }

  // Enlarged by the canvas, which is smoother than what a style sheet can ask for.
  async paint(address) {
    if (address === this.latest) return;
    this.latest = address;
    const context = this.canvas.getContext("2d");
    if (!address?.startsWith("data:image/")) {
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
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
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, this.canvas.width, this.canvas.height);
  }

  stir() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    if (this.calm.matches || document.hidden || !this.root.matches('[data-size="large"]')) return;
    for (let i = 0; i < 3; i++) {
      const cell = this.cells[Math.floor(Math.random() * this.cells.length)];
      cell.classList.toggle("lit");
    }
  }
}
