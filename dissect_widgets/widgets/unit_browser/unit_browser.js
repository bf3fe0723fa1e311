// The unit browser as a widget.

export default overKernel(({ model, source, el }) => mount({ state: model, source, el }));
