// Gradio makes all of its configuration reactive, and as the page opens it looks through every event
// for each component: through Svelte's proxies, which is half of the time that opening takes. The
// events never change, and Svelte wraps only what is an Array itself, not what derives from it.
{
  class Events extends Array {}
  // Of the components that an event listens to, Gradio asks three more things. Which kinds of event
  // a component has (`find`): only its image editor reads that, and no page here has one. What an
  // event changes in them while it lasts (`map`), and what it changes before it has ever begun (each
  // second time that the list is read; the first is to learn whom it listens to): nothing here, but
  // each is looked for in the whole page.
  class Targets extends Array {
    #read = false;
    find() {}
    map() {
      return [];
    }
    [Symbol.iterator]() {
      this.#read = !this.#read;
      return this.#read ? super[Symbol.iterator]() : [].values();
    }
  }
  const config = window.gradio_config;
  if (config?.dependencies) {
    for (const each of config.dependencies) each.targets = Targets.from(each.targets);
    config.dependencies = Events.from(config.dependencies);
  }
}
