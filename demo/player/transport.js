// Playing, pausing, seeking: what the person wants, kept apart from what the <video> happens to do.
//
// A video that has run out of clips stands still without being paused; it goes on by itself when there is more.

const SPEEDS = [1, 1.5, 2];

class Transport {
  constructor(video, changed, framed) {
    this.video = video;
    this.changed = changed; // called when anything may have to be drawn anew
    this.framed = framed; // called when the video shows another frame
    this.given = this.film = readFilm("{}");
    this.lost = new Set(); // keys of clips that cannot be loaded: as good as not made
    this.stream = null;
    this.wanted = false; // that the film runs
    this.backward = false;
    this.held = false; // while someone drags the position
    this.speed = 1;
    this.loop = true;
    this.waiting = false; // for a clip that is being made
    this.finished = false; // came to the end by itself
    for (const name of ["play", "playing", "pause", "waiting", "timeupdate", "seeking", "seeked", "ended", "loadeddata"]) {
      video.addEventListener(name, () => this.look());
    }
    video.addEventListener("loadedmetadata", () => this.run());
    // a video that stands still may be told of its frames late or never
    for (const name of ["seeked", "loadeddata"]) video.addEventListener(name, framed);
    video.addEventListener("pause", () => this.pausedFromOutside());
    if (video.requestVideoFrameCallback) this.everyFrame();
  }

  // Once for each frame that is shown, so that nothing is done when nothing changes.
  everyFrame() {
    this.video.requestVideoFrameCallback(() => {
      this.framed();
      this.look();
      this.everyFrame();
    });
  }

  get position() {
    return this.stream ? this.stream.position : 0;
  }

  get frame() {
    return Math.floor(this.position * this.film.fps + 0.03);
  }

  // Another film starts over; the same one goes on from where it is. `wanted` holds for a film that is new.
  update(given, wanted) {
    this.given = given;
    for (const key of this.lost) {
      if (!given.clips.some((clip) => clip.key === key)) this.lost.delete(key); // it may come back, made anew
    }
    const film = { ...given, clips: given.clips.filter((clip) => !this.lost.has(clip.key)) };
    const other = film.id !== this.film.id;
    const first = !other && film.running && film.clips.length && !this.film.clips.length;
    this.film = film;
    if (other) this.close();
    if (!this.stream && film.clips.length) {
      const lose = (clip) => {
        this.lost.add(clip.key);
        this.update(this.given, this.wanted);
      };
      this.stream = SourceStream.available ? new SourceStream(this.video, lose) : new FileStream(this.video, lose);
      this.wanted = wanted;
    }
    this.stream?.update(film, given);
    if (first || (this.finished && film.running && !this.atEnd)) {
      this.wanted = true;
      this.finished = false;
    }
    this.run();
    this.look();
  }

  close() {
    clearTimeout(this.arrival);
    clearTimeout(this.timer);
    this.stream?.close();
    this.stream = null;
    this.backward = this.finished = this.held = this.waiting = this.wanted = false;
    this.setSpeed(1);
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  get runs() {
    return this.wanted && !this.backward && !this.held && this.stream !== null;
  }

  run() {
    const { video } = this;
    if (this.runs && video.paused && video.readyState && !video.ended) video.play().catch((error) => this.refused(error));
    else if (!this.runs && !video.paused) video.pause();
  }

  refused(error) {
    if (error.name === "NotAllowedError") this.pause();
  }

  // By a headset's button, say. A page in the background is paused and resumed by the browser.
  pausedFromOutside() {
    if (this.runs && this.video.paused && !this.video.ended && !document.hidden) this.pause();
  }

  look() {
    const { film, stream } = this;
    clearTimeout(this.arrival);
    this.waiting = false;
    if (stream && film.clips.length) {
      stream.look();
      const now = this.position;
      if (!clipAt(film, now) && !film.running && !this.held && now < film.seconds - SLACK) this.seek(now);
      else if (now >= film.seconds - SLACK && !this.video.ended) this.seek(film.seconds);
      else if (this.runs) {
        const end = runEnd(film, now);
        const left = end - now;
        // the last frame before a gap or the end is seen as long as any other
        const near = left < (this.starved ? 4 : 1.5) / film.fps;
        if (near) this.arrival = setTimeout(() => this.arrive(end), (1000 * left) / this.speed);
        this.waiting = left < 0.5 / film.fps && this.waits(end);
      }
    }
    this.changed();
  }

  // Whether it stands still for want of frames. Some browsers do so a little before the last frame.
  get starved() {
    return this.video.readyState === 2 && !this.video.seeking;
  }

  // Whether more will come at the end of what is made.
  waits(end) {
    return this.film.running && end < this.film.seconds - SLACK;
  }

  // The film can be watched no further than to `end`.
  arrive(end) {
    const { film, video } = this;
    const now = this.position;
    if (!this.runs || runEnd(film, now) > end + SLACK) return;
    if (clipAt(film, now) && video.readyState < 2) return; // it is still being loaded
    if (this.waits(end)) {
      this.waiting = true;
      this.changed();
      return;
    }
    const next = nextStart(film, end);
    if (next !== null) this.seek(next);
    else if (this.loop) this.seek(film.clips[0].start);
    else {
      this.wanted = false;
      this.finished = true;
    }
    this.run();
    this.changed();
  }

  get atEnd() {
    const { film, position } = this;
    return runEnd(film, position) - position < 1 / film.fps + SLACK && nextStart(film, position + SLACK) === null;
  }

  play() {
    if (!this.stream) return;
    if (this.atEnd && !this.waits(runEnd(this.film, this.position)) && !this.backward) this.seek(0);
    this.backward = this.finished = false;
    this.wanted = true;
    this.run();
    this.look();
  }

  pause() {
    this.wanted = this.backward = this.finished = false;
    this.run();
    this.changed();
  }

  toggle() {
    if (this.wanted) this.pause();
    else this.play();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.video.defaultPlaybackRate = this.video.playbackRate = speed;
    this.changed();
  }

  // L: forward, and faster each time.
  forward() {
    const already = this.wanted && !this.backward;
    this.setSpeed(already ? SPEEDS[Math.min(SPEEDS.indexOf(this.speed) + 1, SPEEDS.length - 1)] : 1);
    if (!already) this.play();
  }

  // J: backward, and faster each time. No browser plays backward, so this steps.
  reverse() {
    if (!this.stream) return;
    const already = this.wanted && this.backward;
    this.setSpeed(already ? SPEEDS[Math.min(SPEEDS.indexOf(this.speed) + 1, SPEEDS.length - 1)] : 1);
    this.wanted = this.backward = true;
    this.run();
    this.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stepBack(), 0);
  }

  stepBack() {
    if (!this.wanted || !this.backward) return;
    if (!this.video.seeking && !this.held) {
      const before = this.stepTarget(-1);
      if (before !== null) this.seek(before);
      else if (this.loop) this.seek(this.film.seconds);
      else this.pause();
    }
    this.timer = setTimeout(() => this.stepBack(), 1000 / (this.film.fps * this.speed));
  }

  // K
  stop() {
    this.pause();
    this.setSpeed(1);
  }

  step(frames) {
    if (!this.stream) return;
    this.pause();
    const target = this.stepTarget(frames);
    if (target !== null) this.seek(target);
  }

  // A frame further or back, across a gap where there is one; null at the ends.
  stepTarget(frames) {
    const { film } = this;
    const target = (this.frame + frames) / film.fps;
    if (target >= 0 && clipAt(film, target)) return target;
    if (frames > 0) return nextStart(film, target);
    const end = previousEnd(film, target);
    return end === null ? null : end - 1 / film.fps;
  }

  seek(seconds) {
    const { film } = this;
    if (!this.stream || !film.clips.length) return;
    let target = Math.max(0, Math.min(seconds, film.seconds - 1 / film.fps));
    if (!clipAt(film, target) && !film.running) target = nextStart(film, target) ?? previousEnd(film, target) - 1 / film.fps;
    this.finished = false;
    this.stream.seek(target);
    this.run();
    this.look();
  }

  seekBy(seconds) {
    this.seek(this.position + seconds);
  }

  // To the border before or behind; from inside a stretch, back goes to its own start first.
  jump(direction, borders) {
    const now = this.position;
    const target =
      direction > 0
        ? borders.find((border) => border > now + SLACK)
        : borders.findLast((border) => border < now - 2.5 / this.film.fps);
    if (target !== undefined) this.seek(target);
    else if (direction < 0) this.seek(0);
  }

  hold(held) {
    this.held = held;
    this.run();
    this.look();
  }
}
