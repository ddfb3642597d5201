// What the rail does without the server.

// Which of the known presets the sliders show, in words; the last known is none of them.
function playgroundPreset(known, values) {
  const same = ([settings]) => settings.length && settings.every((each, place) => Math.abs(each - values[place]) < 1e-9);
  return (known.find(same) || known[known.length - 1])[1];
}
