// Starts the page: theme, connection, drawing.
import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import { App } from './app';
import { Feed } from './feed';

const feed = new Feed();
render(<App feed={feed} />, document.getElementById('app')!);
feed.start();
