// Starts the page of replica sets: theme, questions, drawing.
import { render } from 'preact';
import '../styles/base.css';
import '../styles/layout.css';
import '../styles/parts.css';
import '../styles/scaler.css';
import '../styles/controller.css';
import { App } from './app';
import { Feed } from './feed';

const feed = new Feed();
render(<App feed={feed} />, document.getElementById('app')!);
feed.start();
