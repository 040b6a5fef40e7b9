/**
 * Robots that look at a link because somebody has sent it: for the card in a chat, or for a search. They get a card
 * too, never the bytes, and are not counted.
 *
 * Only what is named here is one. To take a person for a robot keeps the file from them; to take a robot for a person
 * costs one download of a link with a limit. So `curl`, browsers and download managers are never here
 * (docs/decisions/0018-link-robots.md).
 */

/** Product names, wherever they stand: no browser has any of them. */
const ANYWHERE = [
  // Chats and mail. iMessage calls itself `facebookexternalhit/1.1 Facebot Twitterbot/1.0`; Signal, WhatsApp.
  'Slackbot',
  'Slack-ImgProxy',
  'facebookexternalhit',
  'Facebot',
  'meta-externalfetcher',
  'meta-externalagent',
  'TelegramBot',
  'Discordbot',
  'SkypeUriPreview',
  'MicrosoftPreview',
  'BingPreview',
  'Mattermost-Bot',
  'Synapse \\(bot',
  'KeybaseBot',
  'GroupMeBot',
  'ZoomBot',
  'kakaotalk-scrap',
  'Linespider',
  'DingTalkBot',
  'Chatwork LinkPreview',
  'Snap URL Preview Service',
  'SnapURLPreview',
  'Google-PageRenderer',
  'Google-InspectionTool',
  'GoogleImageProxy',
  'YahooMailProxy',
  'Yahoo Link Preview',
  // Networks of people.
  'Twitterbot',
  'LinkedInBot',
  'redditbot',
  'Pinterestbot',
  'Tumblrbot',
  'vkShare',
  'VKRobot',
  'OdklBot',
  'XING-contenttabreceiver',
  'Bluesky Cardyb',
  'BlueskyPreviewBot',
  'Mastodon/',
  'Pleroma ',
  'Akkoma ',
  'Misskey/',
  'SummalyBot',
  'Friendica ',
  'Lemmy/',
  'Discourse Forum Onebox',
  'FlipboardProxy',
  'Quora-Bot',
  // Services that make cards for others.
  'Iframely',
  'Embedly',
  'OpenGraph\\.io',
  'BufferLinkPreviewBot',
  'ClickUpLinkUnfurler',
  'EvernoteRichLinkBot',
  // Search.
  'Googlebot',
  'bingbot',
  'Applebot',
  'DuckDuckBot',
  'YandexBot',
  'Baiduspider',
  'PetalBot',
  'SeznamBot',
];

/** Applications that show pages, too, with a browser's user agent before their name: alone, they make a card. */
const AT_THE_BEGINNING = ['WhatsApp', 'Viber', 'Signal', 'Notion/', 'Tumblr/', 'Bluesky/', 'Rocket\\.Chat'];

const ROBOT = new RegExp(`(?<![A-Za-z])(?:${ANYWHERE.join('|')})|^(?:${AT_THE_BEGINNING.join('|')})`, 'i');
/** Characters. A robot that wants to be known says so before. */
const USER_AGENT_LENGTH_MAX = 512;

export function isLinkRobot(userAgent: string | undefined): boolean {
  return userAgent !== undefined && ROBOT.test(userAgent.slice(0, USER_AGENT_LENGTH_MAX));
}
