// Two ways to put clips on a <video>. Both take {start, url} rows in any number of calls and load each clip once.

// MediaSource: one timeline, gapless, can be sought in anywhere that is loaded.
class SourceStream {
  static get available() {
    return Boolean(globalThis.ManagedMediaSource ?? globalThis.MediaSource);
  }

  constructor(video, seconds) {
    this.video = video;
    this.seconds = seconds;
    this.loaded = new Set();
    this.queue = [];
    this.complete = false;
  }

  async add(clip) {
    if (this.loaded.has(clip.url)) return;
    this.loaded.add(clip.url);
    const answer = await fetch(clip.url);
    if (!answer.ok) {
      this.loaded.delete(clip.url);
      throw new Error(`${clip.url}: ${answer.status}`);
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (!this.buffer) await this.open(bytes);
    this.queue.push([clip.start, bytes]);
    this.pump();
  }

  async open(firstBytes) {
    const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
    this.source = new Source();
    this.video.disableRemotePlayback = true;
    const opened = new Promise((resolve) => this.source.addEventListener("sourceopen", resolve, { once: true }));
    this.address = URL.createObjectURL(this.source);
    this.video.src = this.address;
    await opened;
    this.buffer = this.source.addSourceBuffer(`video/mp4; codecs="${codecOf(firstBytes)}"`);
    // With the whole length set, a player that runs out of clips waits for more instead of ending or starting over.
    this.source.duration = this.seconds;
    this.buffer.addEventListener("updateend", () => this.pump());
  }

  finish() {
    this.complete = true;
    this.pump();
  }

  pump() {
    if (!this.buffer || this.buffer.updating || this.source.readyState === "closed") return;
    const next = this.queue.shift();
    if (next) {
      this.buffer.timestampOffset = next[0];
      this.buffer.appendBuffer(next[1]);
    } else if (this.complete && this.source.readyState === "open") {
      this.source.endOfStream(); // also cuts the duration back to what was made
    }
  }

  close() {
    if (this.address) URL.revokeObjectURL(this.address);
  }
}

// Without MediaSource: one file after the other.
class FileStream {
  constructor(video) {
    this.video = video;
    this.clips = [];
    this.current = -1;
    this.complete = false;
    this.onEnded = () => this.next();
    video.addEventListener("ended", this.onEnded);
  }

  get offset() {
    return this.clips[this.current]?.start ?? 0;
  }

  async add(clip) {
    if (this.clips.some((known) => known.url === clip.url)) return;
    this.clips.push(clip);
    if (this.current < 0 || (this.video.ended && this.current === this.clips.length - 2)) this.next();
  }

  next() {
    if (this.current + 1 < this.clips.length) this.current += 1;
    else if (this.complete && this.repeat) this.current = 0;
    else return;
    this.video.loop = false;
    this.video.src = this.clips[this.current].url;
    this.video.play().catch(() => {});
  }

  finish() {
    this.complete = true;
  }

  close() {
    this.video.removeEventListener("ended", this.onEnded);
  }
}

// The codec's name is in the avcC box: profile, constraints and level, one byte each.
function codecOf(bytes) {
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  for (let i = 0; i + 8 < bytes.length; i++) {
    if (bytes[i] === 0x61 && bytes[i + 1] === 0x76 && bytes[i + 2] === 0x63 && bytes[i + 3] === 0x43) {
      return `avc1.${hex(bytes[i + 5])}${hex(bytes[i + 6])}${hex(bytes[i + 7])}`;
    }
  }
  return "avc1.64001f";
}
