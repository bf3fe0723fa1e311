// The unit browser as a widget.

export default {
  render({ model, el }) {
    const source = kernelSource(model);
    const close = mount({ state: model, source, el });
    return () => {
      close();
      source.close();
    };
  },
};
