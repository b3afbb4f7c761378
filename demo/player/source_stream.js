// A film on a <video> through MediaSource: one timeline, gapless, in which any clip can be put, replaced or taken out.
//
// `placed` says what lies in the buffer, the film what should. One worker brings the first to the second, one step after
// the other: take out what is no longer wanted, then bring in what is missing, nearest to the position first. Whatever
// changes meanwhile only makes it look again. The source is never told that the stream has ended: then nothing has to
// be opened again, and the transport knows better where the film ends.

const REACH = { behind: 12, ahead: 36 }; // seconds around the position that are loaded; a film this short, whole
const OPENING = 3; // seconds at the start that stay loaded, for a film that begins again
const FETCHES = 4;
const SOON = 1.5; // so far ahead of the position, frames may be decoded already

class SourceStream {
  static get available() {
    return Boolean(globalThis.ManagedMediaSource ?? globalThis.MediaSource);
  }

  constructor(video, onLost) {
    this.video = video;
    this.files = new ClipFiles(() => this.work(), onLost);
    this.film = { clips: [], seconds: 0, fps: 8 };
    this.placed = []; // {key, start, end}; key null: the rest of a clip that was partly overwritten
    this.share = 1; // of REACH; less after the browser had no more room
    this.pending = null; // position asked for before the video could be sought in
    this.seen = null; // position when the worker last looked
    this.trouble = null; // key of the clip that the last error was in
    this.onError = () => this.recover();
    this.onMetadata = () => this.settle();
    video.addEventListener("error", this.onError);
    video.addEventListener("loadedmetadata", this.onMetadata);
  }

  get position() {
    return this.pending ?? this.video.currentTime;
  }

  update(film, given) {
    this.film = film;
    this.files.forgive(given.clips);
    this.work();
  }

  seek(seconds) {
    this.pending = seconds;
    this.settle();
    this.work();
  }

  settle() {
    if (this.pending === null || !this.video.readyState || this.pending >= this.video.duration) return;
    this.video.currentTime = this.pending + SLACK / 2; // a hair late, so that rounding never shows the frame before
    this.pending = null;
  }

  // The position has moved by itself.
  look() {
    if (this.seen === null || Math.abs(this.position - this.seen) > 1) this.work();
  }

  async work() {
    this.wake?.();
    this.again = true;
    if (this.working) return;
    this.working = true;
    while (this.again && !this.over) {
      this.again = false;
      this.seen = this.position;
      try {
        while (!this.over && (await this.step()));
      } catch (error) {
        if (!this.over) console.warn("The player could not show a clip.", error);
      }
    }
    this.working = false;
  }

  // One change of the buffer. Returns false when there is nothing left to do.
  async step() {
    this.placed = this.placed.filter((row) => this.isBuffered((row.start + row.end) / 2));
    const missing = this.missing();
    const superfluous = this.superfluous(missing);
    if (superfluous) {
      await this.remove(superfluous);
      return true;
    }
    this.setDuration();
    if (!missing.length) return false;
    for (const clip of missing.slice(0, FETCHES)) this.files.get(clip).catch(() => {});
    const [clip] = missing;
    const bytes = await new Promise((resolve) => {
      this.wake = resolve; // with nothing, when there may be something more urgent
      this.files.get(clip).then(resolve, () => resolve());
    });
    if (!bytes || this.over) return true;
    if (!this.buffer) await this.open(bytes);
    else await this.append(clip, bytes);
    return true;
  }

  // Of the clips near the position those that are not in the buffer, the most urgent first.
  missing() {
    const now = this.position;
    const rank = (clip) => (clip.end > now ? clip.start - now : 1000 + now - clip.end);
    return this.film.clips
      .filter((clip) => this.isNear(clip, 1) && !this.files.rests(clip) && !this.placed.some((row) => isSame(row, clip)))
      .sort((a, b) => rank(a) - rank(b));
  }

  // Something in the buffer that should go. What will be overwritten at once may stay, so that there is no gap.
  superfluous(missing) {
    return this.placed.find((row) => {
      const clip = row.key !== null && this.film.clips[indexAt(this.film, row.start)];
      if (clip && isSame(row, clip)) return !this.isNear(row, 1.5);
      return !missing.some((other) => overlap(row, other));
    });
  }

  isNear(row, margin) {
    const now = this.position;
    const scale = this.share * margin;
    if (this.share === 1 && this.film.seconds <= REACH.behind + REACH.ahead) return true;
    const opening = row.start < OPENING * this.share;
    return opening || (row.end > now - REACH.behind * scale && row.start < now + REACH.ahead * scale);
  }

  isBuffered(seconds) {
    const ranges = this.buffer?.buffered ?? [];
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) <= seconds && seconds < ranges.end(i)) return true;
    return false;
  }

  async open(firstBytes) {
    const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
    this.source = new Source();
    this.video.disableRemotePlayback = true;
    this.address = URL.createObjectURL(this.source);
    this.video.src = this.address;
    await this.happens(this.source, "sourceopen");
    if (this.over) return;
    this.codec = codecOf(firstBytes);
    this.buffer = this.source.addSourceBuffer(this.codec);
    this.buffer.addEventListener("bufferedchange", () => this.work()); // where the browser itself may take clips out
    this.source.duration = this.film.seconds;
  }

  async append(clip, bytes) {
    const codec = codecOf(bytes);
    if (codec !== this.codec) this.buffer.changeType((this.codec = codec));
    try {
      this.buffer.timestampOffset = clip.start;
      this.buffer.appendBuffer(bytes);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      return this.makeRoom(clip);
    }
    const went = await this.updated();
    if (this.over) return;
    if (!went) {
      // the browser cannot read it, and the source is of no use any more
      this.files.lose(clip);
      return this.reopen();
    }
    if (!this.isBuffered((clip.start + clip.end) / 2)) {
      this.buffer.abort(); // a file that breaks off: nothing of it may go before the next one
      return this.files.lose(clip);
    }
    const before = this.placed.filter((row) => overlap(row, clip));
    this.placed = this.placed.filter((row) => !overlap(row, clip));
    for (const row of before) {
      if (row.start < clip.start - SLACK) this.placed.push({ ...row, key: null, end: clip.start });
      if (row.end > clip.end + SLACK) this.placed.push({ ...row, key: null, start: clip.end });
    }
    this.placed.push({ key: clip.key, start: clip.start, end: clip.end });
    if (before.length || this.torn) this.refresh(clip);
  }

  async remove(row) {
    // half a frame early, so that rounding neither leaves a frame nor takes one of the next clip
    const half = 0.5 / this.film.fps;
    this.buffer.remove(Math.max(0, row.start - half), Math.max(row.end - half, row.start + half));
    await this.updated();
    if (this.over) return;
    this.placed = this.placed.filter((other) => other !== row);
    this.refresh(row);
  }

  // What has been decoded already would still be shown; a jump to where it is makes the browser read anew. Where
  // nothing is left to read, that has to wait for the next clip.
  refresh(row) {
    const now = this.position;
    if (!this.video.readyState || row.start > now + SOON || row.end < now) return;
    this.torn = !this.isBuffered(now);
    if (!this.torn) this.video.currentTime = now;
  }

  async makeRoom(clip) {
    const now = this.position;
    const far = [...this.placed].sort((a, b) => Math.abs(b.start - now) - Math.abs(a.start - now));
    this.share = Math.max(this.share * 0.6, 0.05);
    if (!far.length) return this.files.lose(clip);
    for (const row of far.slice(0, Math.ceil(far.length / 2))) {
      if (row.start <= now && now < row.end) this.files.giveUp(clip); // not even two of them fit at present
      else await this.remove(row);
    }
  }

  // Resolves with the first of the events, or when the stream is closed.
  happens(target, ...names) {
    return new Promise((resolve) => {
      this.letGo = resolve;
      for (const name of names) target.addEventListener(name, resolve, { once: true });
    });
  }

  // Whether the change of the buffer went well.
  async updated() {
    return (await this.happens(this.buffer, "error", "updateend"))?.type === "updateend";
  }

  setDuration() {
    const { source, film } = this;
    if (source?.readyState !== "open" || Math.abs(source.duration - film.seconds) < SLACK) return;
    if (this.placed.every((row) => row.end < film.seconds + SLACK)) source.duration = film.seconds;
    this.settle();
  }

  // A clip that the browser fails to play twice is left out.
  recover() {
    if (this.over || !this.video.error || !this.source) return;
    console.warn("The player loads the film again.", this.video.error.message);
    const clip = clipAt(this.film, this.position);
    if (clip && clip.key === this.trouble) this.files.lose(clip);
    this.trouble = clip?.key;
    this.reopen();
  }

  // The same film from the same position in a new source.
  reopen() {
    this.pending = this.position;
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.address);
    this.source = this.buffer = undefined;
    this.placed = [];
    this.work();
  }

  close() {
    this.over = true;
    this.wake?.();
    this.letGo?.();
    this.files.close();
    this.video.removeEventListener("error", this.onError);
    this.video.removeEventListener("loadedmetadata", this.onMetadata);
    if (this.address) URL.revokeObjectURL(this.address);
  }
}

function isSame(row, clip) {
  return row.key === clip.key && Math.abs(row.start - clip.start) < SLACK;
}

function overlap(a, b) {
  return a.start < b.end - SLACK && b.start < a.end - SLACK;
}

// The codec's name is in the avcC box: profile, constraints and level, one byte each.
function codecOf(bytes) {
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  let name = "avc1.64001f";
  for (let i = 0; i + 8 < bytes.length; i++) {
    if (bytes[i] === 0x61 && bytes[i + 1] === 0x76 && bytes[i + 2] === 0x63 && bytes[i + 3] === 0x43) {
      name = `avc1.${hex(bytes[i + 5])}${hex(bytes[i + 6])}${hex(bytes[i + 7])}`;
      break;
    }
  }
  return `video/mp4; codecs="${name}"`;
}
