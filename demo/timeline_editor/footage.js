// A video that the film begins with.

const footageFile = find(".footage-file");
let reading = false;

async function takeFootage(file) {
  if (!file || reading) return;
  reading = true;
  find(".footage-button").disabled = true;
  say(`Reading “${file.name}”…`, { stays: true });
  try {
    const { path } = await upload(file);
    const found = await server.read_footage(path);
    if (!found || found.error) refuse(found?.error ?? "The video could not be read.");
    else edit(withFootage(doc, { id: found.id, num_frames: found.num_frames, poster: found.poster }), `The film begins with your video, ${formatSeconds(found.num_frames / props.shape.fps)}`);
  } catch {
    refuse("The video could not be sent. Is it too large, or has the connection gone?");
  } finally {
    reading = false;
    find(".footage-button").disabled = false;
  }
}

footageFile.addEventListener("change", () => {
  takeFootage(footageFile.files[0]);
  footageFile.value = "";
});
