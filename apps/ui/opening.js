// Gradio makes all of its configuration reactive, and as the page opens it looks through every event
// for each component: through Svelte's proxies, which is half of the time that opening takes. The
// events never change, and Svelte wraps only what is an Array itself, not what derives from it.
{
  class Events extends Array {}
  // Of the components that an event listens to, Gradio asks two more things. Which kinds of event
  // a component has (`find`): only its image editor reads that, and no page here has one. And what
  // an event changes in them while it lasts (`map`): nothing here, but each is looked for in the
  // whole page, at every event.
  class Targets extends Array {
    find() {}
    map() {
      return [];
    }
  }
  const config = window.gradio_config;
  if (config?.dependencies) {
    for (const each of config.dependencies) each.targets = Targets.from(each.targets);
    config.dependencies = Events.from(config.dependencies);
  }
}
