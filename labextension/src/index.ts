import { badgePlugin } from './plugins/badge';
import { commandsPlugin } from './plugins/commands';
import { panelPlugin } from './plugins/panel';
import { projectsPlugin } from './plugins/projects';
import { trainingPlugin } from './plugins/training';

export default [projectsPlugin, badgePlugin, panelPlugin, trainingPlugin, commandsPlugin];
