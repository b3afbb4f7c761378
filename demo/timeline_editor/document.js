// What can be done to a document. Each function leaves its arguments alone and returns a new document.

const NEW_CLIPS = 2; // of a segment that is added
const SETTINGS = ["num_inference_steps", "guidance_scale", "temperature", "choice_temperature"];
const PLAIN = { locked: false, num_inference_steps: null, guidance_scale: null, picture: null, first_clip: 0, behind: null };

function newId() {
  // randomUUID is missing on pages served by plain http from another machine
  return globalThis.crypto?.randomUUID?.() ?? Math.random().toString(36).slice(2) + Date.now().toString(36);
}

function randomSeed() {
  return Math.floor(Math.random() * 1000000);
}

function newSegment(changes = {}) {
  return { id: newId(), prompt: "", clips: NEW_CLIPS, seed: randomSeed(), ...PLAIN, ...changes };
}

// A document with all its fields, whatever a server of another age has sent.
function completed(value) {
  const segments = (value?.segments ?? []).map((segment) => ({ ...newSegment(), ...segment, seed: segment.seed ?? randomSeed() }));
  return { version: 2, title: "", story: null, footage: null, settings: {}, ...value, segments };
}

function indexOf(doc, id) {
  return doc.segments.findIndex((segment) => segment.id === id);
}

// Time. A segment that opens a shot grows out of nothing, so its first clip is longer.
function opensShot(doc, index) {
  return doc.segments[index].picture !== null || (index === 0 && doc.footage === null);
}

function segmentFrames(doc, shape, index, clips = doc.segments[index].clips) {
  return clips * shape.step_frames + (opensShot(doc, index) ? shape.lead_frames : 0);
}

function totalFrames(doc, shape) {
  return doc.segments.reduce((sum, _, index) => sum + segmentFrames(doc, shape, index), doc.footage?.num_frames ?? 0);
}

// Where each segment lies, in seconds.
function layout(doc, shape) {
  let start = doc.footage?.num_frames ?? 0;
  return doc.segments.map((_, index) => {
    const frames = segmentFrames(doc, shape, index);
    start += frames;
    return { start: (start - frames) / shape.fps, seconds: frames / shape.fps };
  });
}

// The number of clips whose length comes nearest to so many seconds.
function nearestClips(doc, shape, index, seconds) {
  const frames = seconds * shape.fps - segmentFrames(doc, shape, index, 0);
  return Math.max(1, Math.floor(frames / shape.step_frames + 0.5));
}

// Where a segment may be cut, nearest to a time of the film: {clips} before the cut, or {why} not.
function cutAt(doc, shape, seconds) {
  if (!doc.segments.length) return { why: "There is nothing to split yet." };
  const places = layout(doc, shape);
  if (seconds < places[0].start) return { why: "The playhead is on the video that the film begins with." };
  const index = places.findIndex((place) => seconds < place.start + place.seconds - 1e-6);
  if (index < 0) return { why: "The playhead is behind the last segment." };
  const { id, clips } = doc.segments[index];
  if (clips < 2) return { why: "One clip cannot be split. Make the segment longer first." };
  const lead = segmentFrames(doc, shape, index, 0) / shape.fps;
  const into = ((seconds - places[index].start - lead) * shape.fps) / shape.step_frames;
  const cut = Math.max(1, Math.min(clips - 1, Math.ceil(into - 0.5)));
  return { id, clips: cut, seconds: places[index].start + lead + (cut * shape.step_frames) / shape.fps };
}

// Why an edit must not be made, in a sentence; null where nothing speaks against it.
function refusal(before, after, shape) {
  const count = after.segments.length;
  if (count > shape.max_segments && count > before.segments.length) {
    return `A film holds ${shape.max_segments} segments at most.`;
  }
  const deepest = Math.max(0, ...after.segments.map((segment) => depth(segment.behind)));
  if (deepest > shape.max_behind) return "Too many seams follow one another here. Heal one of them first.";
  const frames = totalFrames({ ...after, footage: after.footage && { num_frames: 0 } }, shape);
  if (frames > shape.max_seconds * shape.fps && totalFrames(after, shape) > totalFrames(before, shape)) {
    return `A film lasts ${formatSeconds(shape.max_seconds)} at most; this would make it ${formatSeconds(frames / shape.fps)}.`;
  }
  return null;
}

// Edits
function changed(doc, id, changes) {
  const segments = doc.segments.map((segment) => (segment.id === id ? { ...segment, ...changes } : segment));
  return { ...doc, segments };
}

// The document with other segments. One that gets another left neighbour grows out of that one from now on.
function rearranged(doc, segments) {
  const left = new Map(doc.segments.map((segment, index) => [segment.id, doc.segments[index - 1]?.id]));
  const stays = (segment, index) => segment.behind === null || left.get(segment.id) === segments[index - 1]?.id;
  return { ...doc, segments: segments.map((segment, i) => (stays(segment, i) ? segment : { ...segment, behind: null })) };
}

function inserted(doc, index, segment) {
  return rearranged(doc, doc.segments.toSpliced(index, 0, segment));
}

function removed(doc, id) {
  return rearranged(doc, doc.segments.filter((segment) => segment.id !== id));
}

function moved(doc, id, index) {
  const others = doc.segments.filter((segment) => segment.id !== id);
  const place = Math.max(0, Math.min(index, others.length));
  return rearranged(doc, others.toSpliced(place, 0, doc.segments[indexOf(doc, id)]));
}

function duplicated(doc, id, copyId) {
  const index = indexOf(doc, id);
  return inserted(doc, index + 1, { ...doc.segments[index], id: copyId, behind: null });
}

// No pixel changes: the second half goes on with the seed and the number of the clip, and whatever followed still
// grows out of what it grew out of. Null where a seam further on would not hold.
function split(doc, id, clips, secondId) {
  const index = indexOf(doc, id);
  const [first, second] = halves(doc.segments[index], clips);
  const segments = doc.segments.map((segment, at) => {
    // what it remembers reaches back beyond the cut, where there will be one place more
    const root = rootOf(segment, at);
    const reachesOver = at > index && segment.behind !== null && root >= -1 && root < index;
    return reachesOver ? { ...segment, behind: deeper(segment.behind, doc.segments, root) } : segment;
  });
  if (segments.some((segment) => segment.behind === undefined)) return null;
  return { ...doc, segments: segments.toSpliced(index, 1, first, { ...second, id: secondId }) };
}

function halves(whole, clips) {
  const second = { ...whole, clips: whole.clips - clips, first_clip: whole.first_clip + clips, picture: null, behind: null };
  return [{ ...whole, clips }, second];
}

// The end of a segment moves by so many clips, and the neighbour gives or takes them.
function rolled(doc, index, by) {
  const [left, right] = doc.segments.slice(index, index + 2);
  const clips = Math.max(1 - left.clips, Math.min(by, right.clips - 1));
  return changed(changed(doc, left.id, { clips: left.clips + clips }), right.id, { clips: right.clips - clips });
}

// How many segments are remembered behind one another.
function depth(behind) {
  return behind === null ? 0 : 1 + depth(behind.behind);
}

// The place on the timeline of what a segment at place `at` grows out of, behind all that it remembers; below 0 is the
// beginning of the film.
function rootOf(segment, at) {
  return at - 1 - depth(segment.behind);
}

// The same pixels, remembered in one segment more: one of them in two halves. Undefined where all are one clip long.
function deeper(behind, segments, root) {
  if (behind === null) return root < 0 ? undefined : deeper(remembered(segments[root]), segments, rootOf(segments[root], root));
  if (behind.picture !== null) return behind;
  if (behind.clips > 1) {
    const [first, second] = halves(behind, behind.clips - 1);
    return { ...second, behind: first };
  }
  const rest = deeper(behind.behind, segments, root);
  return rest && { ...behind, behind: rest };
}

// `behind`, whose earliest part grows out of `root` from now on, unless it begins with a picture.
function rootedIn(behind, root) {
  if (behind === null) return root;
  return behind.picture === null ? { ...behind, behind: rootedIn(behind.behind, root) } : behind;
}

// What a later segment has to remember of this one to keep its pixels.
function remembered({ prompt, clips, seed, num_inference_steps, guidance_scale, picture, first_clip, behind }) {
  return { prompt, clips, seed, num_inference_steps, guidance_scale, picture, first_clip, behind };
}

// Another seed for one segment; all others keep their pixels, and there is a seam behind it.
function rerolledAlone(doc, id, seed) {
  const index = indexOf(doc, id);
  const old = remembered(doc.segments[index]);
  // a segment that remembers others may, behind them, still grow out of this one
  const grows = (segment, at) => at > index && segment.picture === null && rootOf(segment, at) === index;
  const segments = doc.segments.map((segment, at) => (grows(segment, at) ? { ...segment, behind: rootedIn(segment.behind, old) } : segment));
  return changed({ ...doc, segments }, id, { seed });
}

// Another seed for one segment, and all that follows in its shot grows out of it.
function rerolled(doc, id, seed) {
  const index = indexOf(doc, id);
  const end = doc.segments.findIndex((segment, at) => at > index && segment.picture !== null);
  const follows = (at) => at > index && (end < 0 || at < end);
  const segments = doc.segments.map((segment, at) => (follows(at) && segment.behind ? { ...segment, behind: null } : segment));
  return changed({ ...doc, segments }, id, { seed });
}

function healed(doc, id) {
  return changed(doc, id, { behind: null });
}

// A picture opens a new shot, which grows out of nothing.
function withPicture(doc, id, picture) {
  return changed(doc, id, { picture, behind: null });
}

function withFootage(doc, footage) {
  const segments = doc.segments.map((segment, index) => (index === 0 && segment.behind ? { ...segment, behind: null } : segment));
  return { ...doc, footage, segments };
}

// Another film of the same story: a new seed for every segment that is not locked.
function reseeded(doc, draw) {
  const segments = doc.segments.map((segment) => (segment.locked ? segment : { ...segment, seed: draw(), behind: null }));
  return { ...doc, segments };
}

function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

function formatSeconds(seconds) {
  return `${Number(seconds.toFixed(3))} s`;
}

function countOf(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
