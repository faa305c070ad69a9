import { LabIcon } from '@jupyterlab/ui-components';

/** Three layers and a spark: what is marked becomes a pipeline. */
export const blaseIcon = new LabIcon({
  name: 'blase-lab:blase',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 4h2.4v16H4z"/>
    <path d="M6.4 10.2h7.1a4.9 4.9 0 0 1 0 9.8H6.4v-2.4h7.1a2.5 2.5 0 0 0 0-5H6.4z"/>
    <path d="M17 2.5l1.1 3 3 1.1-3 1.1-1.1 3-1.1-3-3-1.1 3-1.1z"/>
  </g>
</svg>`
});

/** A parcel that leaves the notebook. */
export const exportIcon = new LabIcon({
  name: 'blase-lab:export',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 10h4v2H6v7h12v-7h-2v-2h4v11H4z"/>
    <path d="M11 15V6.8L8.4 9.4 7 8l5-5 5 5-1.4 1.4L13 6.8V15z"/>
  </g>
</svg>`
});
