/** The rules of the suite's own database, with one path of each kind. */
export const suiteRules = {
  rules: {
    open: {
      '.read': true,
      '.write': true,
      list: { '.indexOn': ['timestamp', 'rank', 'name/last'] },
      scores: { '.indexOn': '.value' },
    },
    mine: { $uid: { '.read': 'auth.uid == $uid', '.write': 'auth.uid == $uid' } },
    club: { '.read': "root.child('members/' + auth.uid).exists()" },
    counter: {
      '.read': true,
      '.write': true,
      '.validate': 'newData.isNumber() && (!data.exists() || newData.val() > data.val())',
    },
    queried: { '.read': "query.orderByChild == 'owner' && query.equalTo == auth.uid", '.indexOn': 'owner' },
    diary: {
      '.read': true,
      $day: { '.write': '!data.exists() || !newData.exists()', '.validate': "newData.child('at').val() <= now" },
    },
  },
};
