// The unit browser as a widget.

import { kernelWidget } from "../shared/data_source.js";
import { mountBrowser } from "./browser.js";

export default kernelWidget(({ model, source, el }) => mountBrowser({ state: model, source, el }));
