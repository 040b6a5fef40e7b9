/** How our pages look: on a phone and on a desk, by day and by night. No page has a script, an image or a font. */

export const STYLE = `
:root{color-scheme:light dark;--ground:#f6f6f4;--sheet:#fff;--ink:#1d1f23;--quiet:#62666d;--line:#e4e4e0;--accent:#1f5fbf;--wash:#f0f4fb;--folder:#d9a441;--file:#a9aeb8;--wrong:#a8231c}
@media(prefers-color-scheme:dark){:root{--ground:#16181b;--sheet:#1f2226;--ink:#e9eaec;--quiet:#a0a5ad;--line:#32363c;--accent:#8ab4f8;--wash:#272c34;--folder:#d9a441;--file:#767c87;--wrong:#ff9c94}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;overflow-wrap:anywhere}
main{max-width:52rem;margin:0 auto;padding:2rem 1rem 3rem}
main.narrow{max-width:30rem;padding-top:14vh}
.sheet{background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;padding:1.75rem}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 .6rem}
p{margin:.6rem 0 0}
small,.quiet{color:var(--quiet);font-size:.875rem}
code{font:.8125rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;user-select:all}
a{color:var(--accent);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:.2rem}
label{display:block;margin:1.25rem 0 .35rem;font-size:.875rem;color:var(--quiet)}
input,button{font:inherit;width:100%;padding:.6rem .8rem;border-radius:.5rem;border:1px solid var(--line)}
input{background:var(--ground);color:inherit}
button{margin-top:.9rem;border-color:transparent;background:var(--accent);color:var(--sheet);font-weight:600;cursor:pointer}
.wrong{color:var(--wrong)}
nav{margin:0 0 .9rem;padding:0 .25rem;font-size:1.25rem;line-height:1.4}
nav a,nav b{font-weight:600}
nav i{font-style:normal;color:var(--quiet);padding:0 .4rem;font-weight:400}
.list{padding:0;overflow:hidden}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.55rem 1rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;font-size:.8125rem;font-weight:500;color:var(--quiet)}
thead a{color:inherit}
tbody tr:hover{background:var(--wash)}
td.size,th.size{text-align:right;white-space:nowrap;width:7rem}
td.date,th.date{white-space:nowrap;width:11rem}
td.size,td.date{color:var(--quiet);font-size:.875rem;line-height:1.7;font-variant-numeric:tabular-nums}
td.name a{display:block;padding-left:1.75rem;position:relative;color:var(--ink)}
td.name a::before{content:"";position:absolute;left:0;top:.22rem;width:1.05rem;height:1.05rem;background:var(--file);clip-path:polygon(12% 0,60% 0,88% 27%,88% 100%,12% 100%)}
td.folder a::before{background:var(--folder);clip-path:polygon(0 12%,38% 12%,49% 27%,100% 27%,100% 90%,0 90%)}
.empty{padding:2.5rem 1rem;text-align:center;color:var(--quiet);margin:0}
footer{padding:.9rem .25rem 0;color:var(--quiet);font-size:.875rem}
@media(max-width:40rem){
main{padding:1rem .75rem 2rem}
main.narrow{padding-top:9vh}
.sheet{padding:1.35rem}.list{padding:0}
thead tr{display:flex;gap:1.1rem;padding:.55rem .9rem}
thead th,thead th.size,thead th.date{padding:0;width:auto}
tbody tr{display:flex;flex-wrap:wrap;padding:.6rem .9rem;border-top:1px solid var(--line)}
tbody td{padding:0;border:0}
td.name{flex:0 0 100%}
td.size{text-align:left;width:auto;padding-left:1.75rem}
td.size:empty{padding-left:1.75rem;margin-right:0}
td.size:not(:empty)::after{content:"\\00a0\\00b7\\00a0"}
td.date{width:auto}
}
`.trim();
