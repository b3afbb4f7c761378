// What can be done to a document. Each function leaves its argument alone and returns a new document.

const MAX_SEED = 4294967295;

function newId() {
  // randomUUID is missing on pages served by plain http from another machine
  return globalThis.crypto?.randomUUID?.() ?? Math.random().toString(36).slice(2) + Date.now().toString(36);
}

function randomSeed() {
  return Math.floor(Math.random() * 1000000);
}

function newSegment() {
  return { id: newId(), prompt: "", clips: 2, seed: null };
}

function indexOf(doc, id) {
  return doc.segments.findIndex((segment) => segment.id === id);
}

function withSegments(doc, change) {
  const segments = doc.segments.map((segment) => ({ ...segment }));
  change(segments);
  return { ...doc, segments };
}

function changed(doc, id, changes) {
  return withSegments(doc, (segments) => {
    const index = indexOf(doc, id);
    if (index >= 0) Object.assign(segments[index], changes);
  });
}

function inserted(doc, index, segment) {
  return withSegments(doc, (segments) => segments.splice(index, 0, segment));
}

function removed(doc, id) {
  return withSegments(doc, (segments) => segments.splice(indexOf(doc, id), 1));
}

function moved(doc, id, index) {
  return withSegments(doc, (segments) => {
    const [segment] = segments.splice(indexOf(doc, id), 1);
    segments.splice(Math.max(0, Math.min(index, segments.length)), 0, segment);
  });
}

// Frames of clip number `clip` of a segment; only the film's first clip is longer than the others.
function clipFrames(shape, isFirstSegment, clip) {
  return shape.step_frames + (isFirstSegment && clip === 0 ? shape.lead_frames : 0);
}

function segmentSeconds(shape, isFirstSegment, clips) {
  return (clips * shape.step_frames + (isFirstSegment ? shape.lead_frames : 0)) / shape.fps;
}

// Where each segment lies, in seconds.
function layout(doc, shape) {
  let start = 0;
  return doc.segments.map((segment, index) => {
    const seconds = segmentSeconds(shape, index === 0, segment.clips);
    start += seconds;
    return { start: start - seconds, seconds };
  });
}

// Index of the first segment that the last film no longer shows as it is written now. All that follow it are
// stale too, because every clip grows out of the one before.
function firstStale(doc, run) {
  if (doc.seed !== null && doc.seed !== run.seed) return 0;
  const index = doc.segments.findIndex((segment, i) => {
    const made = run.segments[i];
    if (!made || made.id !== segment.id || made.prompt !== segment.prompt || made.clips !== segment.clips) return true;
    return segment.seed === null ? made.seed_locked : segment.seed !== made.seed;
  });
  return index < 0 ? doc.segments.length : index;
}

function formatSeconds(seconds) {
  return `${Number(seconds.toFixed(3))} s`;
}
