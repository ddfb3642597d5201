// Gradio makes all of its configuration reactive, and as the page opens it looks through every event
// for each component: through Svelte's proxies, which is half of the time that opening takes. The
// events never change, and Svelte wraps only what is an Array itself, not what derives from it.
{
  class Events extends Array {}
  const config = window.gradio_config;
  if (config?.dependencies) config.dependencies = Events.from(config.dependencies);
}
