// The picture on the screen: the model's own pixels, enlarged smoothly or as crisp squares.
//
// Where no upsampler made larger pictures, a clip's file holds the model's own, enlarged smoothly. So each frame (8 a
// second) is shrunk back to the model's pixels and drawn large, smoothly or as squares: 3 % of a slow core.

const CANVAS = 512;

class Picture {
  constructor(video, canvas) {
    this.video = video;
    this.canvas = canvas;
    this.small = document.createElement("canvas");
    this.crisp = false;
    this.pixels = null; // of the model's picture, on its longer side
    this.size = "";
    video.addEventListener("emptied", () => (canvas.hidden = true));
  }

  draw() {
    const { video, canvas, small } = this;
    if (video.readyState < 2 || !video.videoWidth) return;
    const factor = this.pixels ? Math.max(video.videoWidth, video.videoHeight) / this.pixels : 1;
    canvas.hidden = factor <= 1;
    if (canvas.hidden) return; // the video itself is seen
    const [width, height] = [Math.round(video.videoWidth / factor), Math.round(video.videoHeight / factor)];
    const size = [width, height, this.crisp].join();
    if (size !== this.size) this.resize(width, height);
    this.size = size;
    this.shrink.drawImage(video, 0, 0, small.width, small.height);
    this.enlarge.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  resize(width, height) {
    const { canvas, small } = this;
    const scale = this.crisp ? 1 : CANVAS / Math.max(width, height);
    [small.width, small.height] = [width, height];
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    this.shrink = small.getContext("2d", { alpha: false });
    this.enlarge = canvas.getContext("2d", { alpha: false });
    this.shrink.imageSmoothingQuality = this.enlarge.imageSmoothingQuality = "high";
  }
}
