// A film as the server tells it, and questions about its clips. All times are in seconds.

const SLACK = 2e-3; // times that went through fractions and text may differ by less than this

function readFilm(text) {
  const given = JSON.parse(text || "{}");
  const clips = (given.clips ?? [])
    .map((clip) => ({ ...clip, end: clip.start + clip.seconds }))
    .sort((a, b) => a.start - b.start);
  const captions = given.captions ?? [];
  return {
    id: given.film ?? "",
    fps: given.fps || 8,
    seconds: Math.max(given.seconds ?? 0, clips.at(-1)?.end ?? 0),
    pixels: given.pixels ?? null,
    running: Boolean(given.running),
    clips,
    captions,
  };
}

// The index of the clip that covers a moment, or of the first one after it (which may be past the last).
function indexAt(film, seconds) {
  let low = 0;
  let high = film.clips.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (film.clips[middle].end > seconds + SLACK) high = middle;
    else low = middle + 1;
  }
  return low;
}

function clipAt(film, seconds) {
  const clip = film.clips[indexAt(film, seconds)];
  return clip && clip.start <= seconds + SLACK ? clip : null;
}

// How far the film can be watched from a moment on without a gap; the moment itself where there is none.
function runEnd(film, seconds) {
  let end = seconds;
  for (const clip of film.clips.slice(indexAt(film, seconds))) {
    if (clip.start > end + SLACK) break;
    end = clip.end;
  }
  return end;
}

// Where the next clip starts at this moment or later, or null.
function nextStart(film, seconds) {
  let i = indexAt(film, seconds);
  while (i < film.clips.length && film.clips[i].start < seconds - SLACK) i++;
  return film.clips[i]?.start ?? null;
}

// Where the last clip before this moment ends, or null.
function previousEnd(film, seconds) {
  for (let i = Math.min(indexAt(film, seconds), film.clips.length - 1); i >= 0; i--) {
    if (film.clips[i].end <= seconds + SLACK) return film.clips[i].end;
  }
  return null;
}

function captionAt(film, seconds) {
  return film.captions.find((row) => seconds < row.end - SLACK && seconds >= row.start - SLACK) ?? null;
}
