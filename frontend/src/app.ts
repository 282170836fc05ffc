/** The one script of every page: fragments (htmx), charts, the live stream. Pages read without it. */

import "htmx.org";

import { mountCharts } from "./charts";
import { keepOpenDetails } from "./details";
import { startLive } from "./live";

mountCharts();
document.addEventListener("htmx:after:swap", () => mountCharts());
keepOpenDetails();
startLive();
