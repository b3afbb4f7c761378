// A film on a <video> without MediaSource: one file after the other.

class FileStream {
  constructor(video, onLost) {
    this.video = video;
    this.onLost = onLost;
    this.film = { clips: [] };
    this.clip = null; // the one that the video holds
    this.within = 0; // position asked for before the file could be sought in
    this.onEnded = () => this.next();
    this.onLoaded = () => {
      if (this.within) this.video.currentTime = this.within;
      this.within = 0;
    };
    this.onError = () => this.clip && this.onLost(this.clip);
    video.addEventListener("ended", this.onEnded);
    video.addEventListener("error", this.onError);
    video.addEventListener("loadedmetadata", this.onLoaded);
  }

  get position() {
    if (!this.clip) return this.start ?? 0;
    const within = this.video.ended ? this.clip.seconds : this.within || this.video.currentTime;
    return this.clip.start + Math.min(within, this.clip.seconds);
  }

  update(film) {
    const now = this.position;
    this.film = film;
    const clip = clipAt(film, now);
    const gone = this.clip && !this.video.ended; // unless it waits at the end of what is made
    if (clip ? clip.key !== this.clip?.key || clip.start !== this.clip.start : gone) this.seek(now);
  }

  seek(seconds) {
    const clip = clipAt(this.film, seconds);
    if (!clip) {
      this.clip = null;
      this.start = seconds;
      this.video.removeAttribute("src");
      this.video.load();
      return;
    }
    const within = Math.max(0, seconds - clip.start);
    if (this.clip && this.clip.key === clip.key && this.video.readyState > 0) {
      this.clip = clip;
      this.video.currentTime = within;
      return;
    }
    this.clip = clip;
    this.within = within;
    this.video.src = clip.url;
  }

  next() {
    if (clipAt(this.film, this.clip.end)) this.seek(this.clip.end);
  }

  look() {}

  close() {
    this.video.removeEventListener("ended", this.onEnded);
    this.video.removeEventListener("error", this.onError);
    this.video.removeEventListener("loadedmetadata", this.onLoaded);
  }
}
