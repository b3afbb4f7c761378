// Fetches clips, each once, and keeps the latest: a clip that moves or comes back need not cross the network again.

const KEPT_BYTES = 24 * 2 ** 20;
const RETRY_MS = [300, 2000];

class ClipFiles {
  constructor(onRetry, onLost) {
    this.onRetry = onRetry;
    this.onLost = onLost;
    this.kept = new Map(); // key -> {bytes: promise, size}; the least recently used first
    this.failed = new Map(); // key -> {times, until}
    this.timers = new Set();
  }

  get(clip) {
    const known = this.kept.get(clip.key);
    if (known) {
      this.kept.delete(clip.key);
      this.kept.set(clip.key, known);
      return known.bytes;
    }
    const row = { size: 0, bytes: this.fetch(clip) };
    this.kept.set(clip.key, row);
    row.bytes.then(
      (bytes) => {
        row.size = bytes.byteLength;
        this.failed.delete(clip.key);
        this.trim();
      },
      (error) => {
        this.kept.delete(clip.key);
        this.giveUp(clip, error.cause === "answer");
      },
    );
    return row.bytes;
  }

  async fetch(clip) {
    const answer = await fetch(clip.url);
    if (!answer.ok) throw new Error(`${clip.url}: ${answer.status}`, { cause: "answer" });
    return new Uint8Array(await answer.arrayBuffer());
  }

  // Not again for a while; never after the server has said a few times that there is none.
  giveUp(clip, counts = false) {
    const times = this.failed.get(clip.key)?.times ?? 0;
    if (counts && times >= RETRY_MS.length) return this.lose(clip);
    const wait = RETRY_MS[Math.min(times, RETRY_MS.length - 1)];
    this.failed.set(clip.key, { times: times + 1, until: performance.now() + wait });
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.onRetry();
    }, wait + 5);
    this.timers.add(timer);
  }

  lose(clip) {
    this.failed.set(clip.key, { times: Infinity, until: Infinity });
    this.onLost(clip);
  }

  // Clips that are no longer in the film may come back, made anew.
  forgive(clips) {
    for (const key of this.failed.keys()) if (!clips.some((clip) => clip.key === key)) this.failed.delete(key);
  }

  rests(clip) {
    return (this.failed.get(clip.key)?.until ?? 0) > performance.now();
  }

  trim() {
    let total = 0;
    for (const [key, row] of [...this.kept].reverse()) {
      total += row.size;
      if (total > KEPT_BYTES && row.size) this.kept.delete(key);
    }
  }

  close() {
    for (const timer of this.timers) clearTimeout(timer);
  }
}
