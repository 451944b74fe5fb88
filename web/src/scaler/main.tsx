// Starts the page of scaled objects: theme, questions, drawing.
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import '../styles/base.css';
import '../styles/layout.css';
import '../styles/parts.css';
import '../styles/scaler.css';
import { App } from './app';
import { Feed } from './feed';

const feed = new Feed();
render(<App feed={feed} />, document.getElementById('app')!);
feed.start();
