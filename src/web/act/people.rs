//! The people and posts of an act, by name where its reader may see names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use piperoll_events::ids::{ActorId, PostId};
use piperoll_events::measure::Measure;
use piperoll_events::post::Post;
use piperoll_events::role::Role;
use piperoll_events::role::granted::RoleName;
use piperoll_events::sign_off::Signer;
use piperoll_events::submission::Submission;
use piperoll_events::text::Words;
use piperoll_events::{Fact, framework::Framework};

use super::{Pair, Telling};
use crate::api::problem::Problem;
use crate::identity::policy::What;
use crate::web::lang::{Lang, Written};

/// Those whom an act names.
pub(super) struct People {
    lang: Lang,
    /// None where the reader may not see names.
    names: Option<HashMap<ActorId, String>>,
    posts: BTreeMap<PostId, Words>,
}

impl People {
    /// Those whom an act names.
    ///
    /// # Errors
    /// The vault or Postgres.
    pub(super) async fn named(telling: &Telling<'_>) -> Result<Self, Problem> {
        let (visit, event) = (telling.visit, telling.event);
        let names = if visit.may(What::ReadNames)? {
            let mut actors = vec![event.record.actor];
            actors.extend(event.record.on_behalf_of);
            actors.extend(person_of(&event.fact));
            let vault = visit.call.room()?.vault().await?;
            Some(vault.names(&actors).await?)
        } else {
            None
        };
        let posts = telling.desk.post_titles(&posts_of(&event.fact), telling.at).await?;
        Ok(Self { lang: visit.lang, names, posts })
    }

    /// Somebody, by name where that may be seen.
    pub(super) fn person(&self, actor: ActorId) -> Written {
        let key = match &self.names {
            Some(names) => match names.get(&actor) {
                Some(name) => return Written::own(name.clone()),
                None => "person-erased",
            },
            None => "person-withheld",
        };
        Written::own(self.lang.say(key).into_owned())
    }

    /// A post, by what it is called.
    pub(super) fn post(&self, post: PostId) -> Written {
        match self.posts.get(&post) {
            Some(title) => self.lang.pick(title),
            None => Written::own(post.to_string()),
        }
    }

    /// Who acted.
    pub(super) fn by(&self, telling: &Telling<'_>) -> Vec<Pair> {
        let (lang, record) = (self.lang, &telling.event.record);
        let pair = |key: &str, what: Written| Pair::of(lang, key, what);
        let mut pairs = Vec::new();
        pairs.extend(record.post.iter().map(|post| pair("by-post", lang.english(post.as_str()))));
        pairs.push(pair("by-person", self.person(record.actor)));
        pairs.extend(record.on_behalf_of.map(|actor| pair("by-for", self.person(actor))));
        pairs.extend(record.role.iter().map(|role| {
            let known = serde_json::from_value::<RoleName>(role.as_str().into());
            pair(
                "by-role",
                match known {
                    Ok(known) => Written::own(lang.word("role", &known).into_owned()),
                    Err(_) => lang.english(role.as_str()),
                },
            )
        }));
        let channel = lang.word("channel", &record.channel).into_owned();
        pairs.push(pair("by-channel", Written::own(channel)));
        pairs
    }
}

/// The person whom a fact is about.
const fn person_of(fact: &Fact) -> Option<ActorId> {
    match fact {
        Fact::Post(Post::Held(it)) => Some(it.holder),
        Fact::Post(Post::Vacated(it)) => Some(it.holder),
        Fact::Role(Role::Granted(it)) => Some(it.person),
        _ => None,
    }
}

/// The posts that a fact names.
fn posts_of(fact: &Fact) -> BTreeSet<PostId> {
    let one = |post: PostId| BTreeSet::from([post]);
    match fact {
        Fact::Measure(Measure::AccountableAssigned(it)) => one(it.post),
        Fact::Measure(Measure::StewardAssigned(it)) => one(it.post),
        Fact::Measure(Measure::ContributorAssigned(it)) => it.post.into_iter().collect(),
        Fact::Measure(Measure::DutyEnded(it)) => it.post.into_iter().collect(),
        Fact::Submission(Submission::SignedOff(it)) => one(it.post),
        Fact::Submission(Submission::SignOffRefused(it)) => one(it.post),
        Fact::Submission(Submission::SignOffWithdrawn(it)) => one(it.post),
        Fact::Post(Post::Delegated(it)) => one(it.to),
        Fact::Framework(Framework::SignOffChainSet(it)) => {
            let signers = it.chain.stages.iter().flat_map(|stage| &stage.signers);
            signers
                .filter_map(|signer| match signer {
                    Signer::Post { post } => Some(*post),
                    _ => None,
                })
                .collect()
        }
        _ => BTreeSet::new(),
    }
}
