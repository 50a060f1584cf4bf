// Sends the one form of the page. Without scripts, the button on the page does.
document.forms[0].submit();
