/**
 * Which user agents are robots that look at a link, by texts that they have been seen with, and above all which are
 * not: a person who is taken for a robot does not get the file.
 */

import t from 'tap';
import { isLinkRobot } from '../../src/links/robots.js';

const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const ANDROID =
  'Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';

const ROBOTS = [
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Slackbot 1.0 (+https://api.slack.com/robots)',
  'Slack-ImgProxy (+https://api.slack.com/robots)',
  'Twitterbot/1.0',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)',
  // iMessage
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  'facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984',
  'WhatsApp/2.23.18.78 i',
  'WhatsApp/2', // Signal, too
  'TelegramBot (like TwitterBot)',
  'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview) Chrome/W.X.Y.Z Safari/537.36',
  'Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)',
  'Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)',
  'Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.example/)',
  'http.rb/2.2.2 (Mastodon/1.5.1; +https://example-masto-instance.org/)',
  'Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)',
  'Synapse (bot; +https://github.com/matrix-org/synapse)',
  'Mattermost-Bot/1.1',
  'Viber/13.3.0.22',
  'Iframely/1.3.1 (+https://iframely.com/docs/about) Atlassian',
  'Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)',
  'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2272.96 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  `${CHROME} Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)`,
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  `${SAFARI} (Applebot/0.1; +http://www.apple.com/go/applebot)`,
  'GROUPMEBOT/1.0',
];

const PEOPLE = [
  undefined,
  '',
  SAFARI,
  CHROME,
  ANDROID,
  IPHONE,
  // Applications that open links in a window of their own.
  `${IPHONE} [FBAN/FBIOS;FBAV/440.0.0.36.108;FBDV/iPhone14,5]`,
  `${ANDROID} [FB_IAB/FB4A;FBAV/440.0.0.33.116;]`,
  `${ANDROID} MetaIAB Facebook`,
  `${ANDROID} Instagram 300.0.0.29.110 Android`,
  `${IPHONE} Twitter for iPhone/10.2`,
  `${IPHONE} [LinkedInApp]/9.28`,
  `${ANDROID} WhatsApp/2.24.6.77`,
  `${ANDROID} Viber/21.0`,
  `${ANDROID} Line/14.3.0/IAB`,
  `${ANDROID} [Pinterest/Android]`,
  `${ANDROID} KAKAOTALK 2410570`,
  `${IPHONE} Snapchat/12.70.0.36`,
  `${CHROME.replace('Safari', 'Slack/4.38 Electron/30.0 Safari')}`,
  `${CHROME.replace('Safari', 'discord/0.0.309 Electron/28.0 Safari')}`,
  `${CHROME.replace('Safari', 'Rocket.Chat/4.0.1 Electron/30.0 Safari')}`,
  `${CHROME.replace('Safari', 'Notion/3.9 Electron/30.0 Safari')}`,
  `${CHROME.replace('Safari', 'Signal/7.0 Electron/30.0 Safari')}`,
  'Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0 Safari/537.36 Teams/24102',
  'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; SkypeSpaces/1.0a$*+)',
  // A telephone by the maker Cubot.
  'Mozilla/5.0 (Linux; Android 7.0; CUBOT_X18 Build/NRD90M) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0 Mobile Safari/537.36',
  // What downloads.
  'curl/8.5.0',
  'Wget/1.21.4',
  'Wget2/2.1.0',
  'aria2/1.37.0',
  'python-requests/2.31.0',
  'Python-urllib/3.11',
  'Go-http-client/1.1',
  'okhttp/4.9.3',
  'Java/17.0.1',
  'axios/1.7.2',
  'node',
  'rclone/v1.65.0',
  'FDM/6.19.0',
  'Uget/2.2.3',
  'JDownloader',
  'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1) Internet Download Manager',
  'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4522',
  'Microsoft BITS/7.8',
  'VLC/3.0.20 LibVLC/3.0.20',
  'Lavf/60.16.100',
  'AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)',
  'stagefright/1.2 (Linux;Android 13)',
  'Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)',
  'kodi/20.2',
  'Microsoft Office/16.0',
];

t.test('robots that look at links are known', async (t) => {
  for (const userAgent of ROBOTS) t.equal(isLinkRobot(userAgent), true, userAgent);
});

t.test('people and what downloads for them are not robots', async (t) => {
  for (const userAgent of PEOPLE) t.equal(isLinkRobot(userAgent), false, String(userAgent));
});

t.test('a user agent without end costs no more than its beginning', async (t) => {
  t.equal(isLinkRobot(`${'x'.repeat(600)} Twitterbot`), false);
  t.equal(isLinkRobot(`Twitterbot ${'x'.repeat(1_000_000)}`), true);
});
