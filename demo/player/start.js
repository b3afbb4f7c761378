// Whatever was told before the page was ready is followed now.
followFilm();
followPreview();
draw();
