package sandbox

// families is the table of everything the sandbox can do, one line a chapter.
// To add a chapter, write its file with a function like tokenFamily and add it
// here.
func families() []family {
	return []family{
		tokenFamily(),
		departmentFamily(),
		staffFamily(),
		memberFamily(),
		staffTagFamily(),
		jobFamily(),
		customerFamily(),
		tagFamily(),
		contactWayFamily(),
		chatFamily(),
		joinWayFamily(),
		welcomeFamily(),
		massFamily(),
		momentFamily(),
		handoverFamily(),
		groupWelcomeFamily(),
		statisticFamily(),
		strategyFamily(),
		strategyTagFamily(),
		acquisitionFamily(),
		albumFamily(),
		interceptFamily(),
		tempChatFamily(),
		contactListFamily(),
		peopleFamily(),
		imageFamily(),
		kfFamily(),
		mediaFamily(),
		messageFamily(),
		appActFamily(),
		visibleFamily(),
		appChatFamily(),
		webhookFamily(),
		oauthFamily(),
		loginFamily(),
		ticketFamily(),
		agentFamily(),
		menuFamily(),
		archiveFamily(),
		payFamily(),
	}
}
